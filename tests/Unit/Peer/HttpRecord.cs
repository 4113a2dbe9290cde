using System.Text;
using System.Text.Json;
using ArtifactSync.Tests.Live;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Peer;

/// <summary>One recorded request with its answer (spec appendix E, http-transcripts and http-probes).</summary>
internal sealed record HttpRecord(int Index, JsonElement Json)
{
    public const string RecordedHost = "peer.example:8080";

    public static IReadOnlyList<HttpRecord> Load(params string[] parts) =>
        [.. Recordings.Load(parts).EnumerateArray().Select((json, i) => new HttpRecord(i, json))];

    public string Label => $"{Index} {Json.Text("label")} {Method} {Path}";

    public string Method => Json.Text("method")!;

    public string Path => Json.Text("path")!;

    /// <summary>Without query.</summary>
    public string Route => Path.Split('?')[0];

    public int Status => Json.GetProperty("status").GetInt32();

    public byte[]? RequestBody => Body("request_body");

    public byte[]? ResponseBody => Body("response_body");

    /// <summary>The answer as JSON; null when it is none.</summary>
    public JsonElement? ResponseJson =>
        Json.GetProperty("response_body") is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty("json", out var json) ? json : null;

    public IEnumerable<(string Name, string Value)> RequestHeaders => Headers("request_headers");

    public IEnumerable<(string Name, string Value)> ResponseHeaders => Headers("response_headers");

    public string? RequestHeader(string name) => RequestHeaders.FirstOrDefault(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public string? ResponseHeader(string name) => ResponseHeaders.FirstOrDefault(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>The artifact that the path names, below the routes of artifacts.</summary>
    public ArtifactRef? Artifact => Named(Route);

    public static ArtifactRef? Named(string route)
    {
        var parts = route.Split('/');
        return parts.Length == 7 && ArtifactName.TryParseKind(parts[5], out var kind) && ArtifactName.TryParse(parts[4], kind, parts[6], out var artifact)
            ? artifact : null;
    }

    /// <summary>What an artifact says, whoever compressed it; the bytes themselves when they can't be decoded.</summary>
    public static string Decoded(ArtifactRef artifact, byte[] wire)
    {
        try
        {
            using var decoded = ArtifactCodec.OpenDecoded(artifact.Kind, new MemoryStream(wire));
            using var all = new MemoryStream();
            decoded.CopyTo(all);
            return Encoding.UTF8.GetString(all.ToArray());
        }
        catch (ArtifactSync.Errors.ArtifactSyncException)
        {
            return Convert.ToHexString(wire);
        }
    }

    private IEnumerable<(string Name, string Value)> Headers(string member) =>
        Json.TryGetProperty(member, out var headers) && headers.ValueKind == JsonValueKind.Object
            ? headers.EnumerateObject().Select(h => (h.Name, h.Value.ToString())) : [];

    private byte[]? Body(string member) => Json.TryGetProperty(member, out var body) && body.ValueKind == JsonValueKind.Object
        ? body.TryGetProperty("base64", out var base64) ? base64.GetBytesFromBase64()
            : body.TryGetProperty("text", out var text) ? Encoding.UTF8.GetBytes(text.GetString()!)
            // Documents of artifacts were sent in their canonical form, whatever the recorder made of it.
            : Encoding.UTF8.GetBytes(Artifact is null ? body.GetProperty("json").GetRawText() : RawJson.Canonicalize(body.GetProperty("json").GetRawText()) + "\n")
        : null;
}
