"""Spreadsheets: xlsx, xlsm, xlsb, xls and ods, read as they are displayed."""
