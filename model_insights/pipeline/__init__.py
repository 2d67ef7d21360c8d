"""What runs inside a TFX pipeline. The tabs, the report and the library never import this room."""
