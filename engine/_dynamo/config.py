"""Settings of a compiler that is not there: kept, so that they can be set and read."""

suppress_errors = False
cache_size_limit = recompile_limit = 8
accumulated_cache_size_limit = 256
verbose = False
dynamic_shapes = True
automatic_dynamic_shapes = True
optimize_ddp = True
capture_scalar_outputs = False
