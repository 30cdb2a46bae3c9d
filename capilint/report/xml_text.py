"""XML documents, written by the standard library from text that may hold anything."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from capilint.report.printable import printable


def document(root: Element) -> str:
    """The document with its declaration, indented. ASCII only, as the JSON reports."""
    indent(root)
    body = tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def element(parent: Element, tag: str, /, *, text: str = "", **attributes: str) -> Element:
    """A new child. Its attributes and the lines of its text are made printable: XML has no way to
    write most control characters, and a surrogate is no character."""
    made = SubElement(parent, tag, {key: printable(value) for key, value in attributes.items()})
    made.text = "\n".join(map(printable, text.split("\n"))) if text else None
    return made
