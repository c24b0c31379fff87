"""What the product remembers: rows, blobs, secrets and the audit trail."""
