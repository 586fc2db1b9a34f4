"""What `make_wordpiece_goldens.py` wrote."""

import json
from pathlib import Path

_PATH = Path(__file__).with_name("wordpiece_goldens.json")
GOLDENS = json.loads(_PATH.read_text("utf-8"))
"""`vocabulary` and `uncased_and_cased`: rows of a text and two lists of ids."""
