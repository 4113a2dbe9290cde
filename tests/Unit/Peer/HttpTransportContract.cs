using ArtifactSync.Tests.Conformance;
using ArtifactSync.Transport;

namespace ArtifactSync.Tests.Peer;

/// <summary>The contract of targets over a real listener, whose store takes any content: content is the exchange's affair.</summary>
public sealed class HttpTransportContract : TransportContract
{
    private readonly Listener _listener = Listener.StartAsync(options => options with { Verify = Listener.Anything }).GetAwaiter().GetResult();

    internal override bool SetsAside => false;

    /// <summary>Pairs like <c>a</c> and <c>a-b</c> are refused by a peer (spec 1.1).</summary>
    internal override IReadOnlyList<string> SomeOrigins => ["b", "a0", "a"];

    /// <summary>A peer takes nothing that large; <see cref="PeerClientTests"/> shows one that sends it.</summary>
    internal override bool TakesOversized => false;

    internal override ITransport Create() => _listener.Open();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _listener.DisposeAsync();
    }
}
