//! What is held now, in the order in which a method takes it.

pub mod queue;
