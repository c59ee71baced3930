//! One suite for every implementation of [`Files`]: what holds for the simulated file system must hold for the real one, or the
//! simulation proves nothing.

mod lockstep;
mod promises;
mod real_only;
mod sim_only;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::real_files::{Offers, RealFiles};
use super::sim_files::SimFiles;
use super::{FerryDir, FileCause, FileFault, Files};

/// A file system under test and the hands of someone else in it.
trait World {
    fn files(&self) -> &dyn Files;
    /// Gives a path below the world's own directory.
    fn at(&self, below: &str) -> PathBuf;
    fn put(&self, below: &str, bytes: &[u8]);
    fn get(&self, below: &str) -> Option<Vec<u8>>;
    fn mkdir(&self, below: &str);
    fn remove(&self, below: &str);
    fn rename(&self, from: &str, to: &str);

    fn ferry(&self, below: &str) -> Box<dyn FerryDir> {
        self.mkdir(below);
        self.files().ferry_dir(&self.at(below)).expect("the directory is there")
    }
}

struct RealWorld {
    files: RealFiles,
    dir: TempDir,
}

/// What the poorest file system offers: none of the newer ways.
const NO_OFFERS: Offers = Offers { unnamed: false, proc_link: false, empty_path: false, no_replace: false };

impl RealWorld {
    fn new() -> Self {
        Self::with(Offers::default())
    }

    fn poor() -> Self {
        Self::with(NO_OFFERS)
    }

    fn with(offers: Offers) -> Self {
        Self { files: RealFiles::with_offers(offers), dir: tempfile::tempdir().expect("a temporary directory") }
    }
}

impl World for RealWorld {
    fn files(&self) -> &dyn Files {
        &self.files
    }

    fn at(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    fn put(&self, below: &str, bytes: &[u8]) {
        let path = self.at(below);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("parents are made");
        std::fs::write(path, bytes).expect("a file is written");
    }

    fn get(&self, below: &str) -> Option<Vec<u8>> {
        std::fs::read(self.at(below)).ok()
    }

    fn mkdir(&self, below: &str) {
        std::fs::create_dir_all(self.at(below)).expect("a directory is made");
    }

    fn remove(&self, below: &str) {
        let path = self.at(below);
        let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    }

    fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.at(from), self.at(to)).expect("a rename");
    }
}

struct SimWorld {
    files: SimFiles,
}

impl SimWorld {
    fn new() -> Self {
        let files = SimFiles::new(1);
        files.mkdir("/w");
        Self { files }
    }

    fn dotted() -> Self {
        let world = Self::new();
        world.files.without_unnamed_files();
        world
    }
}

impl World for SimWorld {
    fn files(&self) -> &dyn Files {
        &self.files
    }

    fn at(&self, below: &str) -> PathBuf {
        Path::new("/w").join(below)
    }

    fn put(&self, below: &str, bytes: &[u8]) {
        self.files.put(self.at(below), bytes);
    }

    fn get(&self, below: &str) -> Option<Vec<u8>> {
        self.files.get(self.at(below))
    }

    fn mkdir(&self, below: &str) {
        self.files.mkdir(self.at(below));
    }

    fn remove(&self, below: &str) {
        self.files.remove(self.at(below));
    }

    fn rename(&self, from: &str, to: &str) {
        self.files.rename(self.at(from), self.at(to));
    }
}

/// Gives the cause of a fault that had to happen.
fn refused<T>(result: Result<T, FileFault>) -> FileCause {
    match result {
        Ok(_) => panic!("this had to be refused"),
        Err(fault) => fault.cause,
    }
}

/// Runs every promise against every implementation.
macro_rules! promises {
    ($($name:ident)*) => {
        mod real { $(#[test] fn $name() { super::promises::$name(&super::RealWorld::new()); })* }
        mod real_without_newer_ways { $(#[test] fn $name() { super::promises::$name(&super::RealWorld::poor()); })* }
        mod simulated { $(#[test] fn $name() { super::promises::$name(&super::SimWorld::new()); })* }
        mod simulated_without_unnamed_files { $(#[test] fn $name() { super::promises::$name(&super::SimWorld::dotted()); })* }
    };
}

promises! {
    a_new_file_has_all_its_parts
    a_new_file_is_never_written_over_another
    a_new_file_needs_its_directory
    a_name_of_255_bytes_is_taken_and_one_of_256_is_not
    a_created_file_is_written_and_synced
    an_append_makes_the_file_and_goes_on_at_its_end
    an_append_to_a_directory_is_refused
    an_open_file_reads_at_any_offset
    an_open_file_outlives_its_name
    an_open_file_sees_what_is_appended_meanwhile
    a_missing_file_is_not_found
    a_directory_is_not_opened_as_a_file
    a_file_in_the_middle_of_a_path_is_named_as_such
    a_read_stops_at_its_limit
    a_cut_shortens_and_never_lengthens
    a_replacement_is_whole_and_leaves_nothing_beside_it
    a_replacement_clears_what_a_crash_left
    a_directory_is_never_replaced_by_a_file
    a_rename_never_replaces
    a_rename_moves_whole_directories
    a_rename_of_nothing_is_not_found
    a_removal_says_whether_there_was_something
    only_an_empty_directory_is_removed
    directories_are_made_with_their_parents
    directories_made_without_syncs_are_made_with_their_parents
    a_file_is_no_directory
    a_list_is_sorted_and_a_missing_directory_is_a_fault
    a_walk_visits_regular_files_at_any_depth_and_no_dot_names
    a_walk_stops_when_the_visitor_has_had_enough
    a_walk_from_a_missing_root_is_a_fault
    a_walk_lets_the_visitor_use_the_files
    syncs_of_what_is_there_succeed_and_of_what_is_not_fail
    stat_tells_files_from_directories
    a_placed_file_is_there_at_once_and_alone
    a_placed_file_never_replaces
    a_placed_file_may_have_a_name_of_255_bytes
    a_placement_clears_what_a_crash_left
    a_ferry_name_is_one_plain_name
    a_ferry_list_is_sorted_and_limited
    a_ferry_directory_opens_only_regular_files
    a_ferry_directory_stays_itself_when_its_path_is_swapped
    a_removed_ferry_directory_is_a_fault_and_not_empty
    a_ferry_removal_says_whether_there_was_something
    a_file_moves_out_of_the_ferry_directory
    a_file_never_moves_out_over_another
    a_directory_does_not_move_out
    a_ferry_directory_must_be_a_directory
}
