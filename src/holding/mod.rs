//! What is held now: units with their basis, the lots they form, and the queue in which a method takes them.

pub mod lot;
pub mod parcel;
pub mod queue;
