"""The demonstration city. Facts from the city's own documents; people by role, words invented."""
