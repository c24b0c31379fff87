"""Label Studio's ML backend protocol, answered by the champion."""
