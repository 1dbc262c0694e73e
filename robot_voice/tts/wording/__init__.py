"""Written words to spoken words: numbers, dates, money, signs, by language. Pure."""

from __future__ import annotations
