//! The redis store: placeholder.
use super::{Store, StoreError};
use std::sync::Arc;
/// Opens it.
pub fn open(_: &str) -> Result<Arc<dyn Store>, StoreError> {
    Err(StoreError::Unavailable("not yet".to_owned()))
}
