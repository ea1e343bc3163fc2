//! One singly linked list an atom, all in one allocation.

/// End of a list.
const NONE: u32 = u32::MAX;
/// Singly linked lists with shared nodes, of which unused ones are kept in a free list.
#[derive(Debug)]
pub struct Lists<T> {
    head: Vec<u32>,
    nodes: Vec<(T, u32)>,
    free: u32,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Lists { head: Vec::new(), nodes: Vec::new(), free: NONE }
    }
}

impl<T: Copy> Lists<T> {
    pub fn reset(&mut self, n: usize) {
        self.head.clear();
        self.head.resize(n, NONE);
        self.nodes.clear();
        self.free = NONE;
    }

    #[inline(always)]
    pub fn push(&mut self, list: usize, item: T) {
        let next = self.head[list];
        if self.free == NONE {
            self.head[list] = self.nodes.len() as u32;
            self.nodes.push((item, next));
        } else {
            let slot = self.free;
            self.head[list] = slot;
            self.free = std::mem::replace(&mut self.nodes[slot as usize], (item, next)).1;
        }
    }

    #[inline(always)]
    pub fn pop(&mut self, list: usize) -> Option<T> {
        let slot = self.head[list];
        if slot == NONE {
            return None;
        }
        let (item, next) = self.nodes[slot as usize];
        self.head[list] = next;
        self.nodes[slot as usize].1 = self.free;
        self.free = slot;
        Some(item)
    }
}
