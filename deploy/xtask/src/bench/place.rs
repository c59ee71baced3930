//! Where the benchmark works: an own ext4 image where that is possible, else a directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result, bail, ensure};

use crate::stop;

/// Room for two copies of the largest workload, what is under way, and a repository; the file is sparse.
const IMAGE_BYTES: u64 = 24 << 30;

/// A working directory; an image is taken down again at the end.
#[derive(Debug)]
pub(super) struct Place {
    directory: PathBuf,
    image: Option<Image>,
    next: AtomicU64,
    stopped: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Image {
    file: PathBuf,
    device: String,
}

impl Place {
    /// Makes the place; as root on a file system of its own when a loop device can be had.
    pub(super) fn make(base: PathBuf, own_file_system: bool) -> Result<Self> {
        // From here on Ctrl-C ends the run instead of the process, so that the image is taken down.
        let stopped = stop::at_ctrl_c()?;
        let base = base.join(process::id().to_string());
        fs::create_dir_all(&base).with_context(|| format!("cannot create {}", base.display()))?;
        let directory = base.join("work");
        fs::create_dir(&directory)?;
        let image = if own_file_system && rustix::process::getuid().is_root() {
            mount_image(&base.join("image.ext4"), &directory).inspect_err(|why| eprintln!("no own file system: {why:#}")).ok()
        } else {
            None
        };
        Ok(Place { directory, image, next: AtomicU64::new(0), stopped })
    }

    /// Gives the directory.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes an empty directory for one run.
    pub(super) fn fresh(&self) -> Result<PathBuf> {
        ensure!(!self.stopped.load(Ordering::Relaxed), "interrupted");
        let fresh = self.directory.join(format!("run-{}", self.next.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&fresh).with_context(|| format!("cannot create {}", fresh.display()))?;
        Ok(fresh)
    }

    /// Writes out everything, so that a run does not pay for the one before it.
    pub(super) fn sync(&self) -> Result<()> {
        Ok(rustix::fs::syncfs(File::open(&self.directory)?)?)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(image) = &self.image {
            let _ = tool("umount", &[&self.directory.to_string_lossy()]);
            let _ = tool("losetup", &["-d", &image.device]);
            let _ = fs::remove_file(&image.file);
        }
        if let Some(base) = self.directory.parent() {
            let _ = fs::remove_dir_all(base);
        }
    }
}

fn mount_image(file: &Path, directory: &Path) -> Result<Image> {
    File::create(file)?.set_len(IMAGE_BYTES)?;
    let path = file.to_string_lossy();
    let mounted = tool("mkfs.ext4", &["-q", "-F", &path])
        .and_then(|_| tool("losetup", &["--find", "--show", "--direct-io=on", &path]))
        .and_then(|device| match tool("mount", &[&device, &directory.to_string_lossy()]) {
            Ok(_) => Ok(Image { file: file.to_path_buf(), device }),
            Err(error) => {
                let _ = tool("losetup", &["-d", &device]);
                Err(error)
            }
        });
    if mounted.is_err() {
        let _ = fs::remove_file(file);
    }
    mounted
}

fn tool(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(program != "losetup" || arguments[0] == "-d" || text.starts_with("/dev/"), "losetup gave no device");
    Ok(text)
}
