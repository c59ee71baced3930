//! Every limit of the formats with its reason (FORMAT.md section 11).
//!
//! A device profile may lower them, never raise them.

/// The longest header in bytes: three stanzas and 2 KiB of extensions fit; junk is refused after one page.
pub const HEADER_MAX: usize = 4096;
/// The shortest header in bytes: the fixed part, no channel, no recipient, no extension.
pub const HEADER_MIN: usize = 316;
/// Bytes before the header: magic, format, suite and `header_len`.
pub const PREAMBLE: usize = 16;
/// Bytes of an Ed25519 signature.
pub const SIGNATURE: usize = 64;
/// The most decompressed bytes of a packet: two packets in work stay far below 256 MiB of memory.
pub const PLAIN_MAX: u64 = 32 << 20;
/// The most bytes of header and payload together: incompressible plain and its tags fit.
pub const SEALED_MAX: u64 = 33 << 20;
/// The longest record body and the length of every file part but the last: two parts never share the work of one packet.
pub const BODY_MAX: u64 = 16 << 20;
/// The most records in a packet: bounds the decoder's allocations.
pub const RECORDS_MAX: u32 = 65_536;
/// The binary logarithm of the largest zstd window, 8 MiB: what a reader must be ready to allocate.
pub const WINDOW_LOG_MAX: u32 = 23;
/// The most decompressed bytes of a signal: thousands of channels.
pub const SIGNAL_MAX: u64 = 1 << 20;
/// The longest document of an epoch opening in bytes.
pub const OPENING_MAX: u64 = 4096;
/// The longest document of a marker in bytes: a change's document in base64, its channels and approvals.
pub const MARKER_MAX: u64 = 512 << 10;
/// The longest document of a structure change in bytes: some thousands of operations; people read it.
pub const STRUCTURE_DOCUMENT_MAX: usize = 256 << 10;
/// The longest name of a structure in bytes.
pub const STRUCTURE_NAME_MAX: usize = 32;
/// The most channels that a structure change affects in one direction.
pub const MARKER_CHANNELS_MAX: usize = 256;
/// The most signatures in a marker.
pub const MARKER_APPROVALS_MAX: usize = 8;
/// The longest keeping that a marker names, in days: a century.
pub const MARKER_KEEP_DAYS_MAX: u32 = 36_500;
/// Bytes of plaintext in one sealed chunk.
pub const CHUNK: usize = 1 << 20;
/// Bytes of an AEAD tag.
pub const TAG: usize = 16;
/// Bytes of the packet salt that opens the plain of a record packet.
pub const PACKET_SALT: usize = 32;
/// The longest record key in bytes.
pub const RECORD_KEY_MAX: usize = 512;
/// The longest record name in bytes.
pub const RECORD_NAME_MAX: usize = 4096;
/// The longest reason code of a tombstone or withdrawal in bytes.
pub const REASON_MAX: usize = 64;
/// The longest channel name in bytes.
pub const CHANNEL_MAX: usize = 64;
/// The most recipients of a packet: addressee, sender, recovery key.
pub const RECIPIENTS_MAX: usize = 3;
/// The longest keyring file in bytes.
pub const KEYRING_MAX: usize = 64 << 10;
/// The longest gap report in bytes: some ten thousand ranges; a person carries it.
pub const GAP_REPORT_MAX: usize = 256 << 10;
/// The longest line of the packet log in bytes, without its LF.
pub const LINE_MAX: usize = 4096;
/// The largest number in a line of the packet log, and in a header or signal that a line repeats, 2⁵³: what every JSON reader keeps exactly.
pub const LINE_NUMBER_MAX: u64 = 1 << 53;
/// The most packets that a group of repair packets covers: a table of 5 KiB.
pub const REPAIR_DATA_MAX: u16 = 128;
/// The most repair packets of a group.
pub const REPAIR_PARITY_MAX: u16 = 64;
/// What the length of a shard is a multiple of: the code works on blocks of 64 bytes.
pub const SHARD_STEP: u64 = 64;
/// The longest shard: with the largest table it fits into a packet's plain.
pub const SHARD_MAX: u64 = PLAIN_MAX - (8 << 10);
/// The most bytes of all shards of parity of a group: what making them, and rebuilding as many packets, holds in memory.
pub const REPAIR_BYTES_MAX: u64 = 64 << 20;
