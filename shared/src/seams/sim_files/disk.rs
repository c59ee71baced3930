//! What lies on the simulated disk, and what of it survives a power cut.
//!
//! **Bytes.** A file's synced bytes survive. Of bytes appended since, a prefix of any length survives, and the end of that prefix
//! may read as zeros (length written, blocks not). A cut that was not synced may be undone.
//!
//! **Names.** Creating, removing and renaming are entry changes that wait in one ordered list. A power cut chooses for each
//! directory how many of its waiting changes survive, always the oldest ones; a rename belongs to two directories and survives in
//! both or in neither, and where it does not, nothing later in either directory does. Syncing a directory makes its changes
//! durable and, since a rename must not tear, what they hang on in other directories. A name says nothing about the bytes: a file
//! with a durable name and unsynced bytes may come back empty, and synced bytes without a durable name are gone.
//! This allows more losses than ext4 with its one journal does, and no fewer.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::{Access, Dice};
use crate::seams::real_files::INVALID;
use crate::seams::{FileCause, FileStat, NotUtf8, Ownership};

pub(super) type Inode = u64;
/// A directory and a name in it.
pub(super) type Place = (Inode, OsString);

const ROOT: Inode = 1;
/// Inodes beyond twice the last live number that call for a sweep.
const SWEEP_SLACK: usize = 4096;

/// The disk: all file systems, all inodes.
pub(super) struct Disk {
    nodes: BTreeMap<Inode, Node>,
    systems: Vec<FileSystem>,
    waiting: Vec<EntryChange>,
    unsynced: BTreeSet<Inode>,
    held: BTreeMap<Inode, usize>,
    next: Inode,
    live_after_sweep: usize,
}

/// One mounted file system.
#[derive(Default)]
pub(super) struct FileSystem {
    pub(super) capacity: Option<u64>,
    pub(super) read_only: bool,
}

struct Node {
    system: usize,
    access: Access,
    mtime_ns: i64,
    ctime_ns: i64,
    own: Ownership,
    kind: Kind,
}

enum Kind {
    File(FileBytes),
    Dir(Entries),
    Special,
}

/// A file's bytes and how many of them are safe.
#[derive(Default)]
pub(super) struct FileBytes {
    pub(super) bytes: Vec<u8>,
    synced: usize,
    before_cut: Option<Vec<u8>>,
}

#[derive(Default)]
struct Entries {
    live: BTreeMap<OsString, Inode>,
    durable: BTreeMap<OsString, Inode>,
    removed: bool,
}

/// One change of names that survives as a whole or not at all: each place gets an inode or loses what it has.
struct EntryChange(Vec<(Place, Option<Inode>)>);

impl EntryChange {
    fn dirs(&self) -> impl Iterator<Item = Inode> + '_ {
        self.0.iter().map(|((dir, _), _)| *dir)
    }
}

impl Disk {
    pub(super) fn new() -> Self {
        let (own, kind) = (Ownership::default(), Kind::Dir(Entries::default()));
        let root = Node { system: 0, access: Access::Full, mtime_ns: 0, ctime_ns: 0, own, kind };
        Self {
            nodes: BTreeMap::from([(ROOT, root)]),
            systems: vec![FileSystem::default()],
            waiting: Vec::new(),
            unsynced: BTreeSet::new(),
            held: BTreeMap::new(),
            next: ROOT + 1,
            live_after_sweep: 1,
        }
    }

    pub(super) fn find(&self, path: &Path) -> Result<Inode, FileCause> {
        parts(path).iter().try_fold(ROOT, |dir, name| self.lookup(dir, name)?.ok_or(FileCause::NotFound))
    }

    pub(super) fn find_file(&self, path: &Path) -> Result<Inode, FileCause> {
        let inode = self.find(path)?;
        self.file(inode).map(|_| inode)
    }

    pub(super) fn find_dir(&self, path: &Path) -> Result<Inode, FileCause> {
        let inode = self.find(path)?;
        self.entries(inode).map(|_| inode)
    }

    /// Gives the place a path names; the place may be empty, its directory is there.
    pub(super) fn parent_of(&self, path: &Path) -> Result<Place, FileCause> {
        let mut parts = parts(path);
        let name = parts.pop().ok_or(FileCause::Exists)?;
        let dir = parts.iter().try_fold(ROOT, |dir, name| self.lookup(dir, name)?.ok_or(FileCause::NotFound))?;
        self.lookup(dir, &name)?;
        Ok((dir, name))
    }

    pub(super) fn lookup(&self, dir: Inode, name: &OsStr) -> Result<Option<Inode>, FileCause> {
        if name.len() > 255 {
            return Err(FileCause::NameTooLong);
        }
        let entries = self.entries(dir)?;
        if self.is_closed(dir) { Err(FileCause::Denied) } else { Ok(entries.live.get(name).copied()) }
    }

    pub(super) fn file(&self, inode: Inode) -> Result<&FileBytes, FileCause> {
        match &self.node(inode)?.kind {
            Kind::File(file) => Ok(file),
            Kind::Dir(_) | Kind::Special => Err(FileCause::NotRegular),
        }
    }

    pub(super) fn writable_file(&mut self, inode: Inode) -> Result<(), FileCause> {
        self.file(inode)?;
        self.writable(inode)
    }

    pub(super) fn stat(&self, inode: Inode) -> Result<FileStat, FileCause> {
        let node = self.node(inode)?;
        let len = if let Kind::File(file) = &node.kind { file.bytes.len() as u64 } else { 0 };
        let is_file = matches!(node.kind, Kind::File(_));
        Ok(FileStat { len, mtime_ns: node.mtime_ns, ctime_ns: node.ctime_ns, inode, is_file })
    }

    pub(super) fn ownership(&self, inode: Inode) -> Option<Ownership> {
        self.nodes.get(&inode).map(|node| node.own)
    }

    /// Gives the names in a directory, sorted.
    pub(super) fn names(&self, dir: Inode) -> Result<impl Iterator<Item = &OsString>, FileCause> {
        let entries = self.entries(dir)?;
        match (entries.removed, self.is_closed(dir)) {
            (true, _) => Err(FileCause::NotFound),
            (_, true) => Err(FileCause::Denied),
            _ => Ok(entries.live.keys()),
        }
    }

    /// Visits all below a directory that is not a directory, and directories that may not be entered; names that `wanted` refuses are neither
    /// visited nor entered.
    pub(super) fn below(&self, root: Inode, wanted: &mut dyn FnMut(&OsStr) -> bool, visit: &mut dyn FnMut(&Path, Inode)) {
        let mut waiting = vec![(PathBuf::new(), root)];
        while let Some((above, dir)) = waiting.pop() {
            let Ok(entries) = self.entries(dir) else { continue };
            for (name, inode) in &entries.live {
                if !wanted(name) {
                    continue;
                }
                let path = above.join(name);
                match self.entries(*inode) {
                    Ok(_) if !self.is_closed(*inode) => waiting.push((path, *inode)),
                    _ => visit(&path, *inode),
                }
            }
        }
    }

    pub(super) fn create(&mut self, dir: Inode, name: &OsStr, mtime_ns: i64) -> Result<Inode, FileCause> {
        if self.lookup(dir, name)?.is_some() {
            return Err(FileCause::Exists);
        }
        self.can_add_to(dir)?;
        let inode = self.add(dir, Kind::File(FileBytes::default()), mtime_ns);
        self.change(vec![((dir, name.to_owned()), Some(inode))]);
        Ok(inode)
    }

    /// Makes a file that has no name yet.
    pub(super) fn create_unnamed(&mut self, dir: Inode, mtime_ns: i64) -> Result<Inode, FileCause> {
        self.can_add_to(dir)?;
        Ok(self.add(dir, Kind::File(FileBytes::default()), mtime_ns))
    }

    /// Names a file that has no name yet.
    pub(super) fn link(&mut self, inode: Inode, to: Place) -> Result<(), FileCause> {
        if self.lookup(to.0, &to.1)?.is_some() {
            return Err(FileCause::Exists);
        }
        self.can_add_to(to.0)?;
        self.change(vec![(to, Some(inode))]);
        Ok(())
    }

    /// Appends as much as there is room for.
    pub(super) fn append(&mut self, inode: Inode, parts: &[&[u8]], mtime_ns: i64) -> Result<(), FileCause> {
        self.writable(inode)?;
        let mut room = self.room(inode);
        for part in parts {
            let fits = part.len().min(room);
            room -= fits;
            let file = self.file_mut(inode, mtime_ns)?;
            file.bytes.extend_from_slice(&part[..fits]);
            if fits < part.len() {
                return Err(FileCause::NoSpace);
            }
        }
        Ok(())
    }

    pub(super) fn cut(&mut self, inode: Inode, len: u64, mtime_ns: i64) -> Result<(), FileCause> {
        self.writable(inode)?;
        let file = self.file_mut(inode, mtime_ns)?;
        let len = usize::try_from(len).ok().filter(|len| *len <= file.bytes.len()).ok_or(INVALID)?;
        if len < file.synced {
            let durable = file.bytes.get(..file.synced).unwrap_or_default().to_vec();
            file.before_cut.get_or_insert(durable);
            file.synced = len;
        }
        file.bytes.truncate(len);
        Ok(())
    }

    pub(super) fn own(&mut self, inode: Inode, own: &Ownership, now_ns: i64) -> Result<(), FileCause> {
        self.writable(inode)?;
        let node = self.nodes.get_mut(&inode).ok_or(FileCause::NotFound)?;
        if matches!(node.kind, Kind::Special) {
            return Err(FileCause::NotRegular);
        }
        let had = node.own;
        node.ctime_ns = now_ns;
        node.own = Ownership { uid: own.uid.or(had.uid), gid: own.gid.or(had.gid), mode: own.mode.or(had.mode) };
        Ok(())
    }

    /// Makes one directory; false when it is there.
    pub(super) fn make_dir(&mut self, path: &Path, mtime_ns: i64) -> Result<bool, FileCause> {
        if parts(path).is_empty() {
            return Ok(false);
        }
        let (dir, name) = self.parent_of(path)?;
        if let Some(inode) = self.lookup(dir, &name)? {
            return self.entries(inode).map(|_| false);
        }
        self.can_add_to(dir)?;
        let inode = self.add(dir, Kind::Dir(Entries::default()), mtime_ns);
        self.change(vec![((dir, name), Some(inode))]);
        Ok(true)
    }

    pub(super) fn rename_new(&mut self, from: Place, to: Place, now_ns: i64) -> Result<(), FileCause> {
        let inode = self.lookup(from.0, &from.1)?.ok_or(FileCause::NotFound)?;
        if self.lookup(to.0, &to.1)?.is_some() {
            return Err(FileCause::Exists);
        }
        self.rename(inode, from, to, now_ns)
    }

    pub(super) fn rename_over(&mut self, from: &Path, to: &Path, now_ns: i64) -> Result<(), FileCause> {
        let (from, to) = (self.parent_of(from)?, self.parent_of(to)?);
        let inode = self.lookup(from.0, &from.1)?.ok_or(FileCause::NotFound)?;
        if self.lookup(to.0, &to.1)?.is_some_and(|there| self.entries(there).is_ok()) {
            return Err(FileCause::NotRegular);
        }
        self.rename(inode, from, to, now_ns)
    }

    fn rename(&mut self, inode: Inode, from: Place, to: Place, now_ns: i64) -> Result<(), FileCause> {
        if self.node(inode)?.system != self.node(to.0)?.system {
            return Err(FileCause::CrossDevice);
        }
        if self.entries(inode).is_ok() && self.is_below(to.0, inode) {
            return Err(INVALID);
        }
        self.writable(from.0)?;
        self.can_add_to(to.0)?;
        self.change(vec![(from, None), (to, Some(inode))]);
        self.touch(inode, now_ns);
        Ok(())
    }

    pub(super) fn unlink(&mut self, path: &Path) -> Result<(), FileCause> {
        let place = self.parent_of(path)?;
        self.unlink_at(place)
    }

    pub(super) fn unlink_at(&mut self, place: Place) -> Result<(), FileCause> {
        let inode = self.lookup(place.0, &place.1)?.ok_or(FileCause::NotFound)?;
        if self.entries(inode).is_ok() {
            return Err(FileCause::NotRegular);
        }
        self.writable(place.0)?;
        self.change(vec![(place, None)]);
        Ok(())
    }

    /// Takes a name away if it is there and may be taken.
    pub(super) fn clear(&mut self, dir: Inode, name: &OsStr) {
        let _ = self.unlink_at((dir, name.to_owned()));
    }

    pub(super) fn remove_dir(&mut self, path: &Path) -> Result<(), FileCause> {
        let place = self.parent_of(path)?;
        let inode = self.lookup(place.0, &place.1)?.ok_or(FileCause::NotFound)?;
        if !self.entries(inode)?.live.is_empty() {
            return Err(FileCause::Exists);
        }
        self.writable(place.0)?;
        self.change(vec![(place, None)]);
        self.mark_removed(inode, true);
        Ok(())
    }

    pub(super) fn sync_file(&mut self, inode: Inode) {
        if let Some(Node { kind: Kind::File(file), .. }) = self.nodes.get_mut(&inode) {
            file.synced = file.bytes.len();
            file.before_cut = None;
        }
        self.unsynced.remove(&inode);
    }

    /// Makes a directory's waiting changes durable, and what they hang on.
    pub(super) fn sync_dir(&mut self, dir: Inode) {
        self.commit(self.waiting.len(), BTreeSet::from([dir]));
        self.sweep_if_due();
    }

    /// Tells whether two inodes lie on one file system.
    pub(super) fn are_on_one_fs(&self, one: Inode, other: Inode) -> bool {
        self.system_of(one) == self.system_of(other)
    }

    /// Makes the whole file system durable that an inode lies on.
    pub(super) fn sync_fs(&mut self, inode: Inode) {
        let system = self.system_of(inode);
        let files: Vec<Inode> = self.unsynced.iter().copied().filter(|file| self.system_of(*file) == system).collect();
        files.into_iter().for_each(|file| self.sync_file(file));
        let dirs = self.waiting.iter().flat_map(EntryChange::dirs).filter(|dir| self.system_of(*dir) == system).collect();
        self.commit(self.waiting.len(), dirs);
        self.sweep_if_due();
    }

    /// Applies of the first `upto` waiting changes those of the given directories, and whatever came before them in the other
    /// directories they touch.
    fn commit(&mut self, upto: usize, mut dirs: BTreeSet<Inode>) {
        let mut due = Vec::new();
        for index in (0..upto).rev() {
            if self.waiting[index].dirs().any(|dir| dirs.contains(&dir)) {
                dirs.extend(self.waiting[index].dirs());
                due.push(index);
            }
        }
        let due: BTreeSet<usize> = due.into_iter().collect();
        let (mut applied, mut waiting) = (Vec::new(), Vec::new());
        for (index, change) in std::mem::take(&mut self.waiting).into_iter().enumerate() {
            if due.contains(&index) { applied.push(change) } else { waiting.push(change) }
        }
        self.waiting = waiting;
        applied.into_iter().for_each(|change| self.make_durable(change));
    }

    fn make_durable(&mut self, change: EntryChange) {
        for ((dir, name), inode) in change.0 {
            if let Some(Node { kind: Kind::Dir(entries), .. }) = self.nodes.get_mut(&dir) {
                set(&mut entries.durable, name, inode);
            }
        }
    }

    /// Keeps what is durable and, as the dice fall, a part of what is not.
    pub(super) fn power_cut(&mut self, dice: &mut Dice) {
        for change in self.surviving(dice) {
            self.make_durable(change);
        }
        self.unsynced.clear();
        for node in self.nodes.values_mut() {
            match &mut node.kind {
                Kind::File(file) => file.lose(dice),
                Kind::Dir(entries) => entries.live.clone_from(&entries.durable),
                Kind::Special => {}
            }
        }
        self.sweep();
        let reachable: Vec<Inode> = self.nodes.keys().copied().collect();
        reachable.into_iter().for_each(|inode| self.mark_removed(inode, false));
    }

    fn surviving(&mut self, dice: &mut Dice) -> Vec<EntryChange> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut left: BTreeMap<Inode, usize> = BTreeMap::new();
        waiting.iter().flat_map(EntryChange::dirs).for_each(|dir| *left.entry(dir).or_default() += 1);
        left.values_mut().for_each(|count| *count = dice.upto(*count));
        let mut survives = |change: &EntryChange| {
            let alive = change.dirs().all(|dir| left.get(&dir).is_some_and(|left| *left > 0));
            for dir in change.dirs() {
                let left = left.entry(dir).or_default();
                *left = if alive { left.saturating_sub(1) } else { 0 };
            }
            alive
        };
        waiting.into_iter().filter(|change| survives(change)).collect()
    }

    /// Gives the file system that a path, or the nearest directory above it, lies on.
    pub(super) fn fs_of(&mut self, path: &Path) -> &mut FileSystem {
        let inode = path.ancestors().find_map(|above| self.find(above).ok()).unwrap_or(ROOT);
        let system = self.system_of(inode);
        &mut self.systems[system]
    }

    pub(super) fn mount(&mut self, path: &Path) {
        let inode = self.outside_dirs(path);
        self.systems.push(FileSystem::default());
        if let Some(node) = self.nodes.get_mut(&inode) {
            node.system = self.systems.len() - 1;
        }
    }

    /// Puts a file, or without bytes something that is none, at a path; durable at once.
    pub(super) fn put(&mut self, path: &Path, bytes: Option<&[u8]>, mtime_ns: i64, now_ns: i64) {
        let Some(name) = parts(path).pop() else { return };
        let dir = self.outside_dirs(path.parent().unwrap_or(Path::new("/")));
        let kind = bytes.map_or(Kind::Special, |bytes| {
            Kind::File(FileBytes { bytes: bytes.to_vec(), synced: bytes.len(), before_cut: None })
        });
        let inode = self.add(dir, kind, mtime_ns);
        self.touch(inode, now_ns);
        self.outside_change((dir, name), Some(inode));
    }

    /// Makes a directory with its parents; durable at once.
    pub(super) fn outside_dirs(&mut self, path: &Path) -> Inode {
        parts(path).into_iter().fold(ROOT, |dir, name| {
            let there = self.lookup(dir, &name).ok().flatten().filter(|inode| self.entries(*inode).is_ok());
            let inode = there.unwrap_or_else(|| self.add(dir, Kind::Dir(Entries::default()), 0));
            self.outside_change((dir, name), Some(inode));
            inode
        })
    }

    pub(super) fn outside_remove(&mut self, path: &Path) -> bool {
        let Ok(place) = self.parent_of(path) else { return false };
        let Ok(Some(inode)) = self.lookup(place.0, &place.1) else { return false };
        self.outside_change(place, None);
        self.mark_removed(inode, true);
        true
    }

    pub(super) fn outside_rename(&mut self, from: &Path, to: &Path, now_ns: i64) -> bool {
        let Ok(from) = self.parent_of(from) else { return false };
        let Ok(Some(inode)) = self.lookup(from.0, &from.1) else { return false };
        let Some(name) = parts(to).pop() else { return false };
        let dir = self.outside_dirs(to.parent().unwrap_or(Path::new("/")));
        self.outside_change(from, None);
        self.outside_change((dir, name), Some(inode));
        self.touch(inode, now_ns);
        true
    }

    /// Changes a name now and for good; what the engine did with this very name before becomes durable with it.
    fn outside_change(&mut self, place: Place, inode: Option<Inode>) {
        let touches = |change: &EntryChange| change.0.iter().any(|(other, _)| *other == place);
        if let Some(last) = self.waiting.iter().rposition(touches) {
            let dirs = self.waiting[last].dirs().collect();
            self.commit(last + 1, dirs);
        }
        let change = EntryChange(vec![(place, inode)]);
        self.make_live(&change);
        self.make_durable(change);
    }

    pub(super) fn hold(&mut self, inode: Inode) {
        *self.held.entry(inode).or_default() += 1;
    }

    pub(super) fn let_go(&mut self, inode: Inode) {
        if let Some(count) = self.held.get_mut(&inode) {
            *count -= 1;
            if *count == 0 {
                self.held.remove(&inode);
            }
        }
    }

    pub(super) fn let_go_of_all(&mut self) {
        self.held.clear();
    }

    #[cfg(test)]
    pub(super) fn inodes(&self) -> usize {
        self.nodes.len()
    }

    fn change(&mut self, changes: Vec<(Place, Option<Inode>)>) {
        let change = EntryChange(changes);
        self.make_live(&change);
        self.waiting.push(change);
    }

    fn make_live(&mut self, change: &EntryChange) {
        for ((dir, name), inode) in &change.0 {
            if let Some(Node { kind: Kind::Dir(entries), .. }) = self.nodes.get_mut(dir) {
                set(&mut entries.live, name.clone(), *inode);
            }
        }
    }

    fn mark_removed(&mut self, inode: Inode, removed: bool) {
        if let Some(Node { kind: Kind::Dir(entries), .. }) = self.nodes.get_mut(&inode) {
            entries.removed = removed;
        }
    }

    fn add(&mut self, dir: Inode, kind: Kind, mtime_ns: i64) -> Inode {
        let inode = self.next;
        self.next += 1;
        let system = self.system_of(dir);
        let node = Node { system, access: Access::Full, mtime_ns, ctime_ns: mtime_ns, own: Ownership::default(), kind };
        self.nodes.insert(inode, node);
        inode
    }

    fn touch(&mut self, inode: Inode, now_ns: i64) {
        if let Some(node) = self.nodes.get_mut(&inode) {
            node.ctime_ns = now_ns;
        }
    }

    pub(super) fn set_access(&mut self, dir: &Path, access: Access) {
        let node = self.find(dir).ok().and_then(|inode| self.nodes.get_mut(&inode));
        if let Some(node) = node {
            node.access = access;
        }
    }

    /// Tells whether an inode is a directory that may not be entered.
    pub(super) fn is_closed(&self, inode: Inode) -> bool {
        self.nodes.get(&inode).is_some_and(|node| node.access == Access::None)
    }

    fn system_of(&self, inode: Inode) -> usize {
        self.nodes.get(&inode).map_or(0, |node| node.system)
    }

    fn node(&self, inode: Inode) -> Result<&Node, FileCause> {
        self.nodes.get(&inode).ok_or(FileCause::NotFound)
    }

    fn entries(&self, inode: Inode) -> Result<&Entries, FileCause> {
        match &self.node(inode)?.kind {
            Kind::Dir(entries) => Ok(entries),
            Kind::File(_) | Kind::Special => Err(FileCause::NotDirectory),
        }
    }

    fn file_mut(&mut self, inode: Inode, mtime_ns: i64) -> Result<&mut FileBytes, FileCause> {
        let node = self.nodes.get_mut(&inode).ok_or(FileCause::NotFound)?;
        node.mtime_ns = mtime_ns;
        node.ctime_ns = mtime_ns;
        self.unsynced.insert(inode);
        match &mut node.kind {
            Kind::File(file) => Ok(file),
            Kind::Dir(_) | Kind::Special => Err(FileCause::NotRegular),
        }
    }

    fn writable(&self, inode: Inode) -> Result<(), FileCause> {
        let node = self.node(inode)?;
        let read_only = self.systems.get(node.system).is_some_and(|system| system.read_only);
        match (read_only, node.access) {
            (true, _) => Err(FileCause::ReadOnly),
            (_, Access::Full) => Ok(()),
            _ => Err(FileCause::Denied),
        }
    }

    fn can_add_to(&self, dir: Inode) -> Result<(), FileCause> {
        if self.entries(dir)?.removed {
            return Err(FileCause::NotFound);
        }
        self.writable(dir)
    }

    /// Gives the bytes that still fit on an inode's file system; a file without a name takes no room.
    fn room(&self, inode: Inode) -> usize {
        let system = self.system_of(inode);
        let Some(capacity) = self.systems.get(system).and_then(|system| system.capacity) else { return usize::MAX };
        let mut used = 0;
        self.below(ROOT, &mut |_| true, &mut |_, inode| {
            if let Some(Node { system: at, kind: Kind::File(file), .. }) = self.nodes.get(&inode)
                && *at == system
            {
                used += file.bytes.len();
            }
        });
        usize::try_from(capacity).unwrap_or(usize::MAX).saturating_sub(used)
    }

    fn is_below(&self, mut dir: Inode, top: Inode) -> bool {
        loop {
            if dir == top {
                return true;
            }
            let above = self
                .nodes
                .iter()
                .find(|(_, node)| matches!(&node.kind, Kind::Dir(entries) if entries.live.values().any(|inode| *inode == dir)));
            match above {
                Some((inode, _)) => dir = *inode,
                None => return false,
            }
        }
    }

    fn sweep_if_due(&mut self) {
        if self.nodes.len() > 2 * self.live_after_sweep + SWEEP_SLACK {
            self.sweep();
        }
    }

    /// Forgets the inodes that no name, no waiting change and no open handle leads to.
    fn sweep(&mut self) {
        let mut waiting: Vec<Inode> = vec![ROOT];
        waiting.extend(self.held.keys());
        waiting.extend(self.waiting.iter().flat_map(|change| change.0.iter().filter_map(|(_, inode)| *inode)));
        waiting.extend(self.waiting.iter().flat_map(EntryChange::dirs));
        let mut seen = BTreeSet::new();
        while let Some(inode) = waiting.pop() {
            if seen.insert(inode)
                && let Ok(entries) = self.entries(inode)
            {
                waiting.extend(entries.live.values().chain(entries.durable.values()));
            }
        }
        self.nodes.retain(|inode, _| seen.contains(inode));
        self.unsynced.retain(|inode| seen.contains(inode));
        self.live_after_sweep = self.nodes.len();
    }
}

impl FileBytes {
    /// Loses what a power cut takes.
    fn lose(&mut self, dice: &mut Dice) {
        match self.before_cut.take() {
            Some(before) if dice.roll().is_multiple_of(2) => self.bytes = before,
            _ => {
                let unsynced = self.bytes.len().saturating_sub(self.synced);
                let kept = dice.upto(unsynced);
                self.bytes.truncate(self.synced + kept);
                if dice.roll().is_multiple_of(4) {
                    let zeros = dice.upto(kept);
                    let from = self.bytes.len() - zeros;
                    self.bytes[from..].fill(0);
                }
            }
        }
        self.synced = self.bytes.len();
    }
}

fn set(entries: &mut BTreeMap<OsString, Inode>, name: OsString, inode: Option<Inode>) {
    match inode {
        Some(inode) => entries.insert(name, inode),
        None => entries.remove(&name),
    };
}

fn parts(path: &Path) -> Vec<OsString> {
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => parts.push(name.to_owned()),
            Component::ParentDir => {
                parts.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    parts
}

pub(super) fn is_dot(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

pub(super) fn named(path: &Path) -> Result<String, NotUtf8> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| NotUtf8 { shown: path.to_string_lossy().into_owned(), path: path.to_owned() })
}
