using System.Buffers;
using System.Buffers.Binary;
using ArtifactSync.Archive;

namespace ArtifactSync.Retention;

/// <summary>
/// What of one kind must be here, and what stays if it is here; both by hash. Some 50 bytes of memory each, so that it grows with what is
/// live and little.
/// </summary>
internal sealed class WantedHashes
{
    private readonly HashSet<Hash> _needed = [], _kept = [];

    /// <summary>Needed, and not found yet; null = everything was found.</summary>
    public string? Missing => _needed.Count == 0 ? null : _needed.Min().ToString();

    public bool IsEmpty => _needed.Count == 0 && _kept.Count == 0;

    /// <summary>False when it is needed already.</summary>
    public bool Need(string sha256) => _needed.Add(Hash.Parse(sha256));

    public void Keep(string sha256) => _kept.Add(Hash.Parse(sha256));

    /// <summary>Whether a row stays; each is asked for once, by its unique name.</summary>
    public Want Find(CatalogRow row)
    {
        var hash = Hash.Parse(row.Hash);
        return _needed.Remove(hash) ? Want.Needed : _kept.Contains(hash) ? Want.Kept : Want.Nothing;
    }

    /// <summary>A SHA-256, which is 64 lower-case hex digits as text.</summary>
    private readonly record struct Hash(UInt128 High, UInt128 Low) : IComparable<Hash>
    {
        public static Hash Parse(ReadOnlySpan<char> text)
        {
            Span<byte> bytes = stackalloc byte[32];
            return Convert.FromHexString(text, bytes, out _, out var written) == OperationStatus.Done && written == bytes.Length
                ? new Hash(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]))
                : throw new ArgumentException($"'{text}' is no SHA-256.", nameof(text));
        }

        public int CompareTo(Hash other) => (High, Low).CompareTo((other.High, other.Low));

        public override string ToString() => $"{High:x32}{Low:x32}";
    }
}

internal enum Want { Nothing, Kept, Needed }
