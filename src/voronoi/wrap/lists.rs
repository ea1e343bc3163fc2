//! What one atom leaves for another.

/// End of a list.
const NONE: u32 = u32::MAX;
/// Singly linked lists in one pool, one list an atom.
#[derive(Debug)]
pub struct Lists<T> {
    head: Vec<u32>,
    pool: Vec<(T, u32)>,
    free: u32,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Lists { head: Vec::new(), pool: Vec::new(), free: NONE }
    }
}

impl<T: Copy> Lists<T> {
    pub fn reset(&mut self, n: usize) {
        self.head.clear();
        self.head.resize(n, NONE);
        self.pool.clear();
        self.free = NONE;
    }

    #[inline(always)]
    pub fn push(&mut self, list: usize, item: T) {
        let next = self.head[list];
        if self.free == NONE {
            self.head[list] = self.pool.len() as u32;
            self.pool.push((item, next));
        } else {
            let slot = self.free;
            self.head[list] = slot;
            self.free = std::mem::replace(&mut self.pool[slot as usize], (item, next)).1;
        }
    }

    #[inline(always)]
    pub fn pop(&mut self, list: usize) -> Option<T> {
        let slot = self.head[list];
        if slot == NONE {
            return None;
        }
        let (item, next) = self.pool[slot as usize];
        self.head[list] = next;
        self.pool[slot as usize].1 = self.free;
        self.free = slot;
        Some(item)
    }
}
