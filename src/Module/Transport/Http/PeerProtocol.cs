namespace ArtifactSync.Transport.Http;

/// <summary>What both ends of an exchange over HTTP agree on (spec 10.5, 10.6, 12).</summary>
internal static class PeerProtocol
{
    public const string BasePath = "/api/v1/artifacts";

    /// <summary>With the value <c>deferred</c>: import when the exchange is over, not after this artifact.</summary>
    public const string ImportHeader = "X-Agentsview-Artifact-Import";

    /// <summary>Of ours alone: what the peer's store is called, so that nobody exchanges with himself.</summary>
    public const string StoreHeader = "X-ArtifactSync-Store";

    /// <summary>Names on a page.</summary>
    public const int PageNames = 512;

    public const int PageBytes = 1024 * 1024;

    /// <summary>Larger bodies are sent when the peer said that it takes them: a refusal could not be read otherwise.</summary>
    public const int AskFirstBytes = 1024 * 1024;

    /// <summary>Of what a peer says about an error.</summary>
    public const int ErrorTextBytes = 512;

    /// <summary>Without an answer, or without a piece of one.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(120);

    /// <summary>A peer imports everything that it was sent before it answers.</summary>
    public static readonly TimeSpan FinalizeTimeout = TimeSpan.FromMinutes(30);

    public static readonly TimeSpan ReleaseTimeout = TimeSpan.FromMilliseconds(750);
}
