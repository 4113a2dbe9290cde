using System.Net.Http.Headers;
using System.Text.Json;
using ArtifactSync.Errors;

namespace ArtifactSync.Tracker;

/// <summary>Where texts become vectors: an endpoint like Ollama's <c>POST /api/embed</c>.</summary>
/// <param name="IsRequired">The user asked for it in this command; else its absence only skips the stage.</param>
public sealed record EmbedTarget(string Uri, string Model, bool IsRequired)
{
    public const string UriVariable = "ARTIFACTSYNC_EMBED_URI";
    public const string ModelVariable = "ARTIFACTSYNC_EMBED_MODEL";
    public const string DefaultModel = "nomic-embed-text";

    /// <exception cref="ArtifactSyncException">InvalidTarget; EmbedInsecure: http to another machine.</exception>
    public EmbedTarget Check()
    {
        if (!System.Uri.TryCreate(Uri, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.UserInfo.Length > 0)
        {
            throw new ArtifactSyncException(
                ErrorCode.InvalidTarget, "-EmbedUri is no address without user and password, such as http://localhost:11434.", null);
        }
        return GitLabAddress.IsSafe(uri) ? this : throw new ArtifactSyncException(
            ErrorCode.EmbedInsecure, $"'{Uri}' would send texts of the archive in the clear; use https (http is for this machine alone).", Uri);
    }
}

/// <summary>Asks an embedding server. Vectors come back with length 1.</summary>
internal sealed class EmbedClient : IDisposable
{
    private const int MaxResponse = 64 * 1024 * 1024;
    private const int MaxDimensions = 65_536;
    private readonly HttpClient _http;
    private readonly EmbedTarget _target;

    public EmbedClient(EmbedTarget target)
    {
        _target = target.Check();
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(10) })
        {
            Timeout = TimeSpan.FromMinutes(5), // a model may be loaded first
            MaxResponseContentBufferSize = MaxResponse,
        };
    }

    public string Model => _target.Model;

    /// <exception cref="ArtifactSyncException">EmbedUnavailable: no answer; EmbedFailed: an answer that is of no use.</exception>
    public async Task<float[][]> EmbedAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new EmbedRequest(_target.Model, texts), GitLabJson.Default.EmbedRequest);
        try
        {
            using var content = new ByteArrayContent(json);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await _http.PostAsync(new Uri(_target.Uri.TrimEnd('/') + "/api/embed"), content, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                var said = ServerWords.Read(body, response.Content.Headers.ContentType?.MediaType, static text => text).Text;
                throw Failed($"answered {(int)response.StatusCode} {said}");
            }
            return Read(body, texts.Count);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw Unavailable("it did not answer in time", e);
        }
        catch (HttpRequestException e)
        {
            throw Unavailable(e.Message, e);
        }
    }

    public static byte[] ToBytes(float[] vector)
    {
        var bytes = new byte[vector.Length * sizeof(float)];
        for (var i = 0; i < vector.Length; i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), vector[i]);
        }
        return bytes;
    }

    /// <summary>The cosine of the angle between a vector and stored bytes; 0 for those of another model.</summary>
    public static double Similarity(float[] vector, ReadOnlySpan<byte> stored)
    {
        if (stored.Length != vector.Length * sizeof(float))
        {
            return 0;
        }
        var sum = 0.0;
        for (var i = 0; i < vector.Length; i++)
        {
            sum += vector[i] * System.Buffers.Binary.BinaryPrimitives.ReadSingleLittleEndian(stored[(i * sizeof(float))..]);
        }
        return sum;
    }

    public void Dispose() => _http.Dispose();

    private float[][] Read(byte[] body, int count)
    {
        try
        {
            var vectors = JsonSerializer.Deserialize(body, GitLabJson.Default.EmbedResponse)?.Embeddings;
            var size = vectors is { Count: > 0 } ? vectors[0]?.Count ?? 0 : 0;
            return vectors?.Count == count && size is > 0 and <= MaxDimensions && vectors.TrueForAll(v => v?.Count == size)
                ? [.. vectors.Select(v => Normalize([.. v!]))]
                : throw Failed("did not send one vector a text.");
        }
        catch (JsonException e)
        {
            throw Failed("answered with something else than vectors.", e);
        }
    }

    private static float[] Normalize(float[] vector)
    {
        var length = (float)Math.Sqrt(vector.Sum(v => (double)v * v));
        return length > 0 && float.IsFinite(length) ? [.. vector.Select(v => v / length)] : new float[vector.Length];
    }

    private ArtifactSyncException Failed(string how, Exception? inner = null) => new(
        ErrorCode.EmbedFailed, $"The embedding server '{_target.Uri}' {how}", _target.Uri, inner);

    private ArtifactSyncException Unavailable(string why, Exception inner) => new(
        ErrorCode.EmbedUnavailable, $"The embedding server '{_target.Uri}' can't be reached: {why}", _target.Uri, inner);
}
