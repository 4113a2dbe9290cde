using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ArtifactSync.Archive;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Tests.Live;
using ArtifactSync.Transport;
using ArtifactSync.Transport.S3;

namespace ArtifactSync.Tests.Transport;

/// <summary>The original program's recorded talk with a bucket (kind <c>s3</c>): we read what it wrote, ask in its words and sign as it does.</summary>
[Trait("Category", "Transport")]
[Trait("Category", "Live")]
public sealed class S3RecordingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Transcripts => Recordings.Data(Recordings.Names("s3").SelectMany(name =>
        Recordings.Scenario(name).GetProperty("steps").EnumerateArray().Where(step => step.Text("transcript") is { } file
            && File.Exists(Recordings.PathOf(name, file))).Select(step => $"{name}/{step.Text("transcript")}")));

    public void Dispose() => _folder.Dispose();

    /// <summary>The bucket as the recorded machine left it is imported as the recorded sessions.</summary>
    [GoldenTheory]
    [MemberData(nameof(Transcripts))]
    public void Exchange_RecordedBucket_GivesItsSessions(string transcript)
    {
        var (name, file) = Split(transcript);
        var store = new FakeS3();
        string target = "";
        var expected = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var step in Recordings.Scenario(name).GetProperty("steps").EnumerateArray())
        {
            if (!Bucket(step).Equals(target, StringComparison.Ordinal))
            {
                store.Objects.Clear(); // another bucket or prefix: only what this step shows
            }

            target = Bucket(step);
            foreach (var request in Recordings.Load(name, step.Text("transcript")!).EnumerateArray())
            {
                Replay(store, request);
            }

            expected.UnionWith(step.Texts("sessions"));
            if (step.Text("transcript") == file)
            {
                break;
            }
        }

        var machine = new Machine("reader-778899", _folder["archive"]);
        var run = Exchange(machine, target, store, Recordings.Scenario(name));
        Assert.True(run.Status == RunStatus.Succeeded, Outcome.Describe(run));
        var imported = new SyncEngine(machine.Options).GetSessions(new SessionQuery()).Select(session => session.SessionId).ToHashSet(StringComparer.Ordinal);
        Assert.Subset(imported, expected.Where(id => store.Objects.Keys.Any(key => key.Contains($"{id.Split('~')[0]}/", StringComparison.Ordinal))).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Every request of ours has the form of a recorded one, and a signature that the store would compute too.</summary>
    [GoldenTheory]
    [MemberData(nameof(Transcripts))]
    public void Exchange_AgainstTheRecordedStore_SpeaksAsRecorded(string transcript)
    {
        var (name, file) = Split(transcript);
        var scenario = Recordings.Scenario(name);
        var step = scenario.GetProperty("steps").EnumerateArray().Single(s => s.Text("transcript") == file);
        var recorded = Recordings.Load(name, file).EnumerateArray().ToList();
        var store = new FakeS3();
        recorded.ForEach(request => Replay(store, request));
        var signatures = new List<bool>();
        store.Hook = request =>
        {
            signatures.Add(IsSignedRightly(request, scenario));
            return null;
        };
        Exchange(new Machine("reader-778899", _folder["archive"]), step.Text("target")!, store, scenario);

        Assert.NotEmpty(signatures);
        Assert.DoesNotContain(false, signatures);
        var lists = recorded.Select(request => request.Text("path")!).Where(path => path.Contains("max-keys=512", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        var ours = store.Log.Where(line => line.Contains("list-type", StringComparison.Ordinal)).Select(line => Sorted(line[4..])).ToHashSet(StringComparer.Ordinal);
        Assert.Subset(ours, lists.Where(path => store.Objects.Keys.Any(key => path.Contains(Uri.EscapeDataString(Origin(key, step)), StringComparison.Ordinal))).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>The verifier itself, on the recorded signatures.</summary>
    [GoldenTheory]
    [MemberData(nameof(Transcripts))]
    public void Signature_OfEveryRecordedRequest_IsComputedAlike(string transcript)
    {
        var (name, file) = Split(transcript);
        foreach (var request in Recordings.Load(name, file).EnumerateArray())
        {
            var recorded = request.GetProperty("signature");
            var date = request.GetProperty("request_headers").Text("X-Amz-Date")!;
            Assert.Equal(recorded.Text("signature"), Sign(recorded.Text("canonical_request")!, date, Recordings.Scenario(name)));
        }
    }

    private static (string Name, string File) Split(string transcript) => (transcript[..transcript.IndexOf('/', StringComparison.Ordinal)], transcript[(transcript.IndexOf('/', StringComparison.Ordinal) + 1)..]);

    private static string Bucket(JsonElement step) => S3Location.Parse(step.Text("target")!).ToString();

    private static string Origin(string key, JsonElement step)
    {
        var prefix = S3Location.Parse(step.Text("target")!).Prefix;
        return key.StartsWith(prefix, StringComparison.Ordinal) ? prefix + key[prefix.Length..].Split('/')[0] + "/" : "?";
    }

    /// <summary>What the recorded request put, or what its answer showed.</summary>
    private static void Replay(FakeS3 store, JsonElement request)
    {
        var path = Uri.UnescapeDataString(request.Text("path")!);
        var slash = path.IndexOf('/', 1);
        if (slash < 0 || path.Contains("?list-type", StringComparison.Ordinal))
        {
            return;
        }

        var body = request.Text("method") == "PUT" ? Body(request, "request_body_base64") : Body(request.GetProperty("response_body"), "base64");
        if (body is not null && request.GetProperty("status").GetInt32() == 200)
        {
            store.Objects[path[(slash + 1)..]] = body;
        }
    }

    private static byte[]? Body(JsonElement holder, string member) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String
            ? Convert.FromBase64String(text.GetString()!)
            : holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty("text", out var plain) && plain.ValueKind == JsonValueKind.String
                ? Encoding.UTF8.GetBytes(plain.GetString()!)
                : null;

    private static SyncRun Exchange(Machine machine, string target, FakeS3 store, JsonElement scenario)
    {
        var options = new TransportOptions
        {
            ArchiveFolder = machine.Folder,
            ReadEnvironment = static _ => null,
            Access = new TargetAccess
            {
                AccessKeyId = scenario.Text("access_key"), SecretKey = S3Gateway.Secure(scenario.Text("secret_key")!),
                S3Endpoint = scenario.Text("endpoint"), S3Region = scenario.Text("region"),
            },
        };
        using var archive = ArchiveDatabase.Open(machine.Options, ArchiveMode.Create);
        var request = new ExchangeRequest { Target = target, OriginId = machine.Origin };
        return new ExchangeRunner(archive, () => new S3Transport(target, options, store), request, NullObserver.Instance).RunAsync(default).GetAwaiter().GetResult();
    }

    private static string Sorted(string path)
    {
        var mark = path.IndexOf('?', StringComparison.Ordinal);
        return path[..mark].TrimEnd('/') + "?" + string.Join('&', path[(mark + 1)..].Split('&').Order(StringComparer.Ordinal));
    }

    private static bool IsSignedRightly(HttpRequestMessage request, JsonElement scenario)
    {
        var authorization = request.Headers.NonValidated["Authorization"].ToString();
        string Part(string name) => authorization[(authorization.IndexOf(name + "=", StringComparison.Ordinal) + name.Length + 1)..].Split(',')[0].Trim();
        var signed = Part("SignedHeaders").Split(';');
        string Header(string name) => name == "host" ? request.RequestUri!.Authority
            : request.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString().Trim()
            : request.Content!.Headers.NonValidated[name].ToString().Trim();
        var query = request.RequestUri!.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);
        var body = request.Content is null ? [] : request.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
        var payload = Header("x-amz-content-sha256");
        var canonical = string.Join('\n',
            [request.Method.Method, request.RequestUri.AbsolutePath, string.Join('&', query), .. signed.Select(name => $"{name}:{Header(name)}"), "", string.Join(';', signed), payload]);
        return payload == Convert.ToHexStringLower(SHA256.HashData(body)) && Part("Signature") == Sign(canonical, Header("x-amz-date"), scenario);
    }

    private static string Sign(string canonical, string date, JsonElement scenario)
    {
        var (day, region) = (date[..8], scenario.Text("region")!);
        var key = Encoding.UTF8.GetBytes("AWS4" + scenario.Text("secret_key"));
        foreach (var part in (string[])[day, region, "s3", "aws4_request"])
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"AWS4-HMAC-SHA256\n{date}\n{day}/{region}/s3/aws4_request\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}");
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
    }
}
