//! Invented messages: small, well-formed, each of its own bytes.

/// Gives the file name of message `n`, as the demo's channels want it.
pub fn name(n: usize) -> String {
    format!("Biz1507212403{n:08}.xml")
}

/// Gives the bytes of message `n`.
pub fn body(n: usize) -> Vec<u8> {
    xml(&format!("消息{n}"))
}

/// Gives a small well-formed document around a text.
pub fn xml(text: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Message>\n  <Head><BizMsgID>{text}</BizMsgID></Head>\n  <Data/>\n</Message>\n").into_bytes()
}

/// Gives a document of about `bytes` bytes that no compressor shortens much.
pub fn large_xml(seed: u64, bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes / 2];
    dukou_rehearsal::random::Random::new(seed).fill(&mut noise);
    let hex: String = noise.iter().map(|byte| format!("{byte:02x}")).collect();
    xml(&hex)
}
