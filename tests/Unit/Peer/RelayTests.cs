using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Tests.Peer;

/// <summary>Machines that never meet: A uses a folder, B relays between it, a bucket and C's listener, D reads the bucket alone.</summary>
[Trait("Category", "Transport")]
[Collection(S3Gateway.Collection)]
public sealed class RelayTests(S3Gateway gateway)
{
    private const string Token = "tOkEn-8f2a7c-of-the-relay";

    [GatewayFact]
    public async Task Machines_OverFolderBucketAndPeer_Converge()
    {
        using var folder = new TempFolder();
        string bucket = gateway.NewTarget();
        TestMachine[] machines =
        [
            new(folder["a"], "alpha-0a1b2c"), new(folder["b"], "bravo-3d4e5f"), new(folder["c"], "charlie-778899"), new(folder["d"], "delta-99aabb"),
        ];
        machines[2].Exchange(folder["adopt"]);
        await using var peer = await Listener.StartAsync(machines[2].Options, options => options with { Token = Listener.Secure(Token) });
        var random = new Random(7);
        for (int round = 0; round < 4; round++)
        {
            foreach (TestMachine machine in machines)
            {
                machine.Write($"s{random.Next(3)}", $"round {round}", $"{random.Next()}");
            }

            Everybody();
        }

        Everybody();
        Everybody(); // what came last to one end goes to the other

        await peer.StopAsync();
        Assert.Equal(machines.Length, machines[0].Content().Keys.Select(static gid => gid.Split('~')[0]).Distinct().Count());
        Assert.All(machines, machine => Assert.Equal(machines[0].Content(), machine.Content()));
        Assert.All(machines, static machine => machine.AssertSound());

        void Everybody()
        {
            Exchange(machines[0], folder["share"]);
            Exchange(machines[3], bucket);
            Exchange(machines[1], folder["share"], bucket, peer.Uri);
        }
    }

    private void Exchange(TestMachine machine, params ReadOnlySpan<string> targets)
    {
        foreach (string target in targets)
        {
            TargetAccess access = target.StartsWith("s3:", StringComparison.Ordinal) ? gateway.Access()
                : target.StartsWith("http", StringComparison.Ordinal) ? new TargetAccess { Token = Listener.Secure(Token) } : TargetAccess.None;
            SyncRun run = machine.Run(new ExchangeRequest { Target = target, OriginId = machine.Origin, Access = access });
            Assert.True(run.Status == RunStatus.Succeeded, Live.Outcome.Describe(run));
        }
    }
}
