using System.Net;

namespace ArtifactSync.Transport;

/// <summary>Whether an address is this very machine, where plain http shows nothing to others.</summary>
internal static class Loopback
{
    /// <summary><c>localhost</c>, 127.0.0.0/8, ::1; no other name, whatever it resolves to.</summary>
    public static bool Is(Uri uri) => string.Equals(uri.Host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
