"""
Breton dates and hours; Django has none.

"23 a viz Du 2026": the month follows "a viz"; "14e10": the hour takes "e" (eur).
"""

DATE_FORMAT = "j \\a \\v\\i\\z F Y"
TIME_FORMAT = "G\\ei"
DATETIME_FORMAT = "j \\a \\v\\i\\z F Y \\d\\a G\\ei"
YEAR_MONTH_FORMAT = "F Y"
MONTH_DAY_FORMAT = "j \\a \\v\\i\\z F"
SHORT_DATE_FORMAT = "d/m/Y"
SHORT_DATETIME_FORMAT = "d/m/Y G\\ei"
FIRST_DAY_OF_WEEK = 1
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"]
TIME_INPUT_FORMATS = ["%H:%M:%S", "%H:%M", "%He%M"]
DATETIME_INPUT_FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"]
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "\u202f"
NUMBER_GROUPING = 3
