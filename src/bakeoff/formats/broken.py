"""The errors that libraries raise for a file that they cannot read, whichever layer of it is broken.

Each parser of Office files adds those of its own library. Knows no format.
"""

import re
import struct
import zipfile
import zlib

from lxml import etree

_PYTHON = (LookupError, ValueError, TypeError, AttributeError, RuntimeError, AssertionError, ArithmeticError)
_XML = (SyntaxError, etree.LxmlError)  # that of xml.etree is a SyntaxError
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, re.error, *_XML, *_PYTHON)
