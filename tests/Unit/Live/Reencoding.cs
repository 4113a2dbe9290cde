using System.Text;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>Reads a decoded document with our reader and writes it again with our writer.</summary>
internal static class Reencoding
{
    public static bool IsCanonical(ArtifactRef artifact, byte[] decoded) => Encode(artifact, decoded).AsSpan().SequenceEqual(decoded);

    /// <summary>The first place where both differ, with what follows.</summary>
    public static string Show(ArtifactRef artifact, byte[] decoded)
    {
        byte[] encoded = Encode(artifact, decoded);
        int start = Math.Max(0, encoded.AsSpan().CommonPrefixLength(decoded) - 20);
        return $"recorded …{Text(decoded, start)}, ours …{Text(encoded, start)}";
    }

    public static byte[] Encode(ArtifactRef artifact, byte[] decoded) => artifact.Kind switch
    {
        ArtifactKind.Checkpoints => CheckpointDocument.Encode(CheckpointDocument.Read(decoded)),
        ArtifactKind.Manifests => ManifestDocument.Encode(ManifestDocument.Read(decoded)),
        ArtifactKind.Meta => EventDocument.Encode(EventDocument.Read(decoded)),
        ArtifactKind.Segments => Segment(decoded),
        _ => decoded,
    };

    private static byte[] Segment(byte[] decoded)
    {
        using var output = new CanonicalWriter();
        ReadOnlySpan<byte> rest = decoded;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            end = end < 0 ? rest.Length : end + 1;
            MessageDocument.Write(output, MessageDocument.Read(rest[..end]));
            rest = rest[end..];
        }

        return output.WrittenSpan.ToArray();
    }

    private static string Text(byte[] bytes, int start) => Encoding.UTF8.GetString(bytes.Skip(start).Take(120).ToArray());
}
