"""English for a city of Europe: day before month, week from Monday."""

DATE_FORMAT = "j\u00a0F Y"
TIME_FORMAT = "g:i\u00a0a"
DATETIME_FORMAT = "j\u00a0F Y, g:i\u00a0a"
SHORT_DATE_FORMAT = "d/m/Y"
SHORT_DATETIME_FORMAT = "d/m/Y g:i\u00a0a"
MONTH_DAY_FORMAT = "j\u00a0F"
FIRST_DAY_OF_WEEK = 1
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"]
