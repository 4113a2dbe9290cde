using System.Security.Cryptography;
using System.Text;
using ArtifactSync.Transport;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Doubles;

/// <summary>Artifacts whose names are valid; transports don't look at their bytes.</summary>
internal static class Some
{
    public const string Origin = "laptop-0a1b2c";

    public static string Hash(string seed) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(seed)));

    public static ArtifactRef Segment(string seed, string origin = Origin) => ArtifactName.Segment(origin, Hash(seed));

    public static ArtifactRef Artifact(ArtifactKind kind, string seed, string origin = Origin) => kind switch
    {
        ArtifactKind.Checkpoints => ArtifactName.Checkpoint(origin, (uint)seed.GetHashCode(StringComparison.Ordinal) + 1L),
        ArtifactKind.Meta => ArtifactName.Meta(origin, $"2026-01-01T00:00:00.000000000Z-0-{Hash(seed)}"),
        _ => ArtifactName.ByHash(origin, kind, Hash(seed)),
    };

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static async Task<PutOutcome> PutAsync(this ITransport transport, ArtifactRef artifact, string text, CancellationToken cancellationToken = default)
    {
        var bytes = Bytes(text);
        using var wire = new MemoryStream(bytes);
        return await transport.PutAsync(artifact, wire, bytes.Length, cancellationToken);
    }

    public static async Task<string> ReadAsync(this ITransport transport, ArtifactRef artifact)
    {
        await using var wire = await transport.OpenReadAsync(artifact, default);
        using var reader = new StreamReader(wire);
        return await reader.ReadToEndAsync();
    }

    public static async Task<string[]> NamesAsync(
        this ITransport transport, string origin, ArtifactKind kind, List<(ArtifactRef Artifact, Errors.ArtifactSyncException Error)>? faults = null)
    {
        var names = new List<string>();
        await foreach (var entry in transport.ListAsync(origin, kind, startAfter: null, (artifact, error) => Fault(faults, artifact, error), default))
        {
            Assert.Equal(origin, entry.Artifact.Origin);
            Assert.Equal(kind, entry.Artifact.Kind);
            names.Add(entry.Artifact.Name);
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    public static async Task<string[]> OriginsAsync(this ITransport transport) =>
        [.. await transport.ListOriginsAsync((origin, error) => throw new InvalidOperationException(origin, error), default)];

    private static void Fault(List<(ArtifactRef, Errors.ArtifactSyncException)>? faults, ArtifactRef artifact, Errors.ArtifactSyncException error)
    {
        if (faults is null)
        {
            throw error;
        }

        faults.Add((artifact, error));
    }
}
