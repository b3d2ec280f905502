"""Draw a graph: text, Mermaid and SVG."""
