using System.Security.Cryptography;
using ArtifactSync.Metadata;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Metadata;

/// <summary>Events as other machines write them, stamped relative to the clock at which tests begin.</summary>
internal static class LedgerEvents
{
    public static (ArtifactRef Artifact, byte[] Bytes) Make(
        string origin, string gid, string op, int seconds = 0, ulong logical = 0, string value = "", Pin? pin = null)
    {
        string hlc = new Hlc(LedgerClock.Start.Seconds + seconds, LedgerClock.Start.Nanos, logical).ToString();
        byte[] bytes = EventDocument.Encode(new MetadataEvent
        {
            Version = 1, Hlc = hlc, Origin = origin, SessionGid = gid, Op = op, Value = value, Pin = pin,
        });
        return (ArtifactName.Meta(origin, $"{hlc}-{Convert.ToHexStringLower(SHA256.HashData(bytes))}"), bytes);
    }

    public static (ArtifactRef Artifact, byte[] Bytes) Rename(string origin, string gid, string? name, int seconds = 0,
        ulong logical = 0) =>
        Make(origin, gid, EventOp.Rename, seconds, logical, EditPlanner.RenameValue(name));

    public static (ArtifactRef Artifact, byte[] Bytes) Pin(
        string origin, string gid, string uuid, long ordinal, string? note = null, int seconds = 0) =>
        Make(origin, gid, EventOp.Pin, seconds, pin: new Pin { SourceUuid = uuid, Ordinal = ordinal, Note = note });
}
