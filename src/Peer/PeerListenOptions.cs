using System.Security;
using System.Security.Cryptography.X509Certificates;
using ArtifactSync.Sync;

namespace ArtifactSync.Peer;

/// <summary>What a listener serves, where, and to whom.</summary>
public sealed record PeerListenOptions
{
    /// <summary>Which archive; it must exist when <see cref="ReadOnly"/>, else it is made.</summary>
    public required EngineOptions Engine { get; init; }

    /// <summary>http or https, a host of this machine, port 0 = any free one, path /.</summary>
    public required IReadOnlyList<Uri> Uris { get; init; }

    /// <summary>What peers must bring. Null: only loopback is served, and the admin routes are closed.</summary>
    public SecureString? Token { get; init; }

    /// <summary>For https; with its private key.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Nothing is accepted and nothing is written: what was published before is served.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Plain http beyond loopback: something in front of the listener encrypts. Admin routes are closed then.</summary>
    public bool AllowInsecure { get; init; }

    /// <summary>What an artifact must be to be taken; for tests of the transport alone.</summary>
    internal Store.ArtifactVerifier? Verify { get; init; }

    /// <summary>Slow clients, lost cursors and stops; for tests.</summary>
    internal PeerLimits Limits { get; init; } = new();
}

/// <summary>How much and how long a listener bears (spec 10.6, 12).</summary>
internal sealed record PeerLimits
{
    /// <summary>No artifact that is sent may be larger: what arrives lies on the disk of the archive until it was checked.</summary>
    public const long BodyBytes = 5L * 1024 * 1024 * 1024;

    /// <summary>Until a request's headers are complete.</summary>
    public TimeSpan Headers { get; init; } = TimeSpan.FromSeconds(10);
    /// <summary>Between two requests of a connection.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromMinutes(2);
    /// <summary>A body or an answer that moves more slowly than this many bytes a second, after <see cref="Grace"/>, is cut off.</summary>
    public double BytesPerSecond { get; init; } = 1_024;
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);
    public int HeaderBytes { get; init; } = 16 * 1024;
    public int HeaderCount { get; init; } = 64;
    public int Connections { get; init; } = 256;
    /// <summary>Requests that hash, parse or write at one time; others wait for their turn.</summary>
    public int Workers { get; init; } = Math.Max(4, 2 * Environment.ProcessorCount);
    /// <summary>Bodies up to here are held in memory, larger ones in a private file.</summary>
    public int MemoryBytes { get; init; } = 512 * 1024;
    public int Cursors { get; init; } = 64;
    public TimeSpan CursorAge { get; init; } = TimeSpan.FromMinutes(5);
    /// <summary>How long running requests may go on when the listener is stopped.</summary>
    public TimeSpan Stop { get; init; } = TimeSpan.FromSeconds(1.5);
    /// <summary>How long writing waits for another command that has the archive.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(10);
}
