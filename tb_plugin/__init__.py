"""The tabs Insights Triangle and Business Cost: TensorBoard's life cycle, HTTP routes, and the revival of What-If."""
