"""What runs inside the virtual environment `aws`: ministack, an emulator of AWS, with what it lacks added from outside.

Only modules of this package import ministack. `python -m local.aws` is started by `local.embedded_aws`.
"""
