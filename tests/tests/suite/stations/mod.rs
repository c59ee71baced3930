//! The real binaries in real directories.
