//! The integration tests: a module per object.
