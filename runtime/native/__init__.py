"""What a kernel is: signature, compiler, disk cache, pointers."""
