using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace ArtifactSync.FakeGitLab;

/// <summary>Vectors that are alike for texts that share letters: counts of hashed groups of three letters.</summary>
internal static class FakeEmbedding
{
    private const int Size = 256;

    public static async Task AnswerAsync(HttpContext context)
    {
        var request = (await JsonNode.ParseAsync(context.Request.Body))!;
        var vectors = request["input"]!.AsArray().Select(text => (JsonNode)new JsonArray([.. Vector(text!.GetValue<string>()).Select(v => (JsonNode)v)]));
        var answer = new JsonObject { ["model"] = request["model"]!.GetValue<string>(), ["embeddings"] = new JsonArray([.. vectors]) };
        await FakeServer.WriteAsync(context, 200, "application/json", Encoding.UTF8.GetBytes(answer.ToJsonString()));
    }

    private static float[] Vector(string text)
    {
        var vector = new float[Size];
        foreach (var word in text.ToUpperInvariant().Split([' ', '\n', '.', ',', ':'], StringSplitOptions.RemoveEmptyEntries))
        {
            for (var i = 0; i + 3 <= word.Length; i++)
            {
                var hash = 2166136261u;
                foreach (var c in word.AsSpan(i, 3))
                {
                    hash = (hash ^ c) * 16777619;
                }
                vector[hash % Size]++;
            }
        }
        vector[0] += 0.01f;
        return vector;
    }
}
