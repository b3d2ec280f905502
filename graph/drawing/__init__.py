"""Pictures of a graph: SVG and Mermaid."""
