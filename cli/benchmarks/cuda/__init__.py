"""Parts of the suite ``gpu``: whole batches on a device, and lower bounds of its times."""
