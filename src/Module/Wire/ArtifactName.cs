using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Names of artifacts as they lie in folders, buckets and URLs (spec 2.1, 2.2).</summary>
internal static class ArtifactName
{
    /// <summary>Characters of a SHA-256 in hex.</summary>
    public const int HashLength = 64;

    private const int SequenceDigits = 10;
    private const string CheckpointPrefix = "cp-";
    private const string Json = ".json";
    private const string ManifestSuffix = ".json.zst";
    private const string SegmentSuffix = ".ndjson.zst";

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");

    /// <summary>False for an invalid origin or any name that is not exactly as the protocol spells it.</summary>
    public static bool TryParse(string? origin, ArtifactKind kind, string? wireName, [NotNullWhen(true)] out ArtifactRef? artifact)
    {
        artifact = OriginId.IsValid(origin) && wireName is not null && IsValid(kind, wireName)
            ? new ArtifactRef(origin!, kind, wireName)
            : null;
        return artifact is not null;
    }

    /// <exception cref="ArtifactSyncException">
    /// <see cref="ErrorCode.InvalidOriginId"/> or <see cref="ErrorCode.InvalidArtifactName"/>.
    /// </exception>
    public static ArtifactRef Parse(string origin, ArtifactKind kind, string wireName)
    {
        OriginId.Require(origin);
        return TryParse(origin, kind, wireName, out ArtifactRef? artifact)
            ? artifact
            : throw new ArtifactSyncException(
                ErrorCode.InvalidArtifactName, $"'{wireName}' is not a valid name for {KindDirectory(kind)} of {origin}.", wireName);
    }

    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.SequenceExhausted"/> outside 1…9,999,999,999.</exception>
    public static ArtifactRef Checkpoint(string origin, long sequence)
    {
        if (sequence is < 1 or > Limits.MaxSequence)
        {
            throw new ArtifactSyncException(
                ErrorCode.SequenceExhausted,
                $"Checkpoint number {sequence} of {origin} cannot be named: numbers run from 1 to {Limits.MaxSequence}.",
                sequence);
        }

        return Parse(origin, ArtifactKind.Checkpoints, string.Create(CultureInfo.InvariantCulture, $"cp-{sequence:D10}.json"));
    }

    public static ArtifactRef Manifest(string origin, string sha256) => Parse(origin, ArtifactKind.Manifests, sha256 + ManifestSuffix);

    public static ArtifactRef Segment(string origin, string sha256) => Parse(origin, ArtifactKind.Segments, sha256 + SegmentSuffix);

    public static ArtifactRef Raw(string origin, string sha256) => Parse(origin, ArtifactKind.Raw, sha256);

    /// <param name="origin">The author.</param>
    /// <param name="orderKey">HLC text, a hyphen and the hash of the event bytes (spec 8.4).</param>
    public static ArtifactRef Meta(string origin, string orderKey) => Parse(origin, ArtifactKind.Meta, orderKey + Json);

    /// <summary>The manifest, segment or raw artifact of an origin by hash.</summary>
    public static ArtifactRef ByHash(string origin, ArtifactKind kind, string sha256) => kind switch
    {
        ArtifactKind.Manifests => Manifest(origin, sha256),
        ArtifactKind.Segments => Segment(origin, sha256),
        ArtifactKind.Raw => Raw(origin, sha256),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind that is named by its hash."),
    };

    /// <summary>The hash that the name promises for the decoded bytes; null for checkpoints, which promise none.</summary>
    public static string? Sha256(ArtifactRef artifact) => artifact.Kind switch
    {
        ArtifactKind.Checkpoints => null,
        ArtifactKind.Meta => artifact.Name.Substring(artifact.Name.Length - Json.Length - HashLength, HashLength),
        _ => artifact.Name[..HashLength],
    };

    /// <summary>The number of a checkpoint.</summary>
    public static long Sequence(ArtifactRef artifact) =>
        artifact.Kind == ArtifactKind.Checkpoints
            ? long.Parse(artifact.Name.AsSpan(CheckpointPrefix.Length, SequenceDigits), NumberStyles.None, CultureInfo.InvariantCulture)
            : throw new ArgumentException("Only checkpoints are numbered.", nameof(artifact));

    /// <summary>The order key of an event: its name without the extension (spec 8.4).</summary>
    public static string OrderKey(ArtifactRef artifact) =>
        artifact.Kind == ArtifactKind.Meta
            ? artifact.Name[..^Json.Length]
            : throw new ArgumentException("Only metadata events have an order key.", nameof(artifact));

    /// <summary>The part of an event's name before its hash, which a valid event repeats as its <c>hlc</c>.</summary>
    public static string HlcText(ArtifactRef artifact) => OrderKey(artifact)[..^(HashLength + 1)];

    /// <summary>The name of the decoded content: the wire name without <c>.zst</c>.</summary>
    public static string Logical(ArtifactRef artifact) => IsCompressed(artifact.Kind) ? artifact.Name[..^".zst".Length] : artifact.Name;

    /// <summary>Whether the wire bytes of a kind are zstd frames.</summary>
    public static bool IsCompressed(ArtifactKind kind) => kind is ArtifactKind.Manifests or ArtifactKind.Segments;

    /// <summary>The directory of a kind, which is also its name in URLs.</summary>
    public static string KindDirectory(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Segments => "segments",
        ArtifactKind.Raw => "raw",
        ArtifactKind.Manifests => "manifests",
        ArtifactKind.Meta => "meta",
        ArtifactKind.Checkpoints => "checkpoints",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    public static bool TryParseKind(string? directory, out ArtifactKind kind)
    {
        (bool known, kind) = directory switch
        {
            "segments" => (true, ArtifactKind.Segments),
            "raw" => (true, ArtifactKind.Raw),
            "manifests" => (true, ArtifactKind.Manifests),
            "meta" => (true, ArtifactKind.Meta),
            "checkpoints" => (true, ArtifactKind.Checkpoints),
            _ => (false, default),
        };
        return known;
    }

    /// <summary>True for 64 lower-case hex digits.</summary>
    public static bool IsHash(ReadOnlySpan<char> text) => text.Length == HashLength && !text.ContainsAnyExcept(Hex);

    private static bool IsValid(ArtifactKind kind, string name)
    {
        // No valid spelling of the other kinds can hold a separator; the part before an event's hash is free text.
        return kind switch
        {
            ArtifactKind.Checkpoints => IsCheckpoint(name),
            ArtifactKind.Manifests => IsHashWithSuffix(name, ManifestSuffix),
            ArtifactKind.Segments => IsHashWithSuffix(name, SegmentSuffix),
            ArtifactKind.Raw => IsHash(name),
            ArtifactKind.Meta => IsMeta(name),
            _ => false,
        };
    }

    private static bool IsCheckpoint(ReadOnlySpan<char> name)
    {
        if (name.Length != CheckpointPrefix.Length + SequenceDigits + Json.Length
            || !name.StartsWith(CheckpointPrefix, StringComparison.Ordinal)
            || !name.EndsWith(Json, StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> digits = name.Slice(CheckpointPrefix.Length, SequenceDigits);
        return !digits.ContainsAnyExcept(Digits) && digits.ContainsAnyExcept('0');
    }

    private static bool IsHashWithSuffix(ReadOnlySpan<char> name, string suffix) =>
        name.EndsWith(suffix, StringComparison.Ordinal) && IsHash(name[..^suffix.Length]);

    private static bool IsMeta(ReadOnlySpan<char> name)
    {
        if (!name.EndsWith(Json, StringComparison.Ordinal) || name.ContainsAny('/', '\\')
            || name.Contains("..", StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> key = name[..^Json.Length];
        return key.Length > HashLength && key[^(HashLength + 1)] == '-' && IsHash(key[^HashLength..]);
    }
}
