using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using KubeDns.Local.Model;

namespace KubeDns.Local.Control;

/// <summary>The JSON form of the model. Unknown members are errors: a misspelt fault would test nothing.</summary>
internal static class ClusterJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        NumberHandling = JsonNumberHandling.Strict,
        Converters =
        {
            new AddressConverter(),
            new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false),
        },
    };

    private static readonly JsonDocumentOptions DocumentOptions = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    public static T Read<T>(string text) =>
        JsonSerializer.Deserialize<T>(text, Options) ?? throw new JsonException("Nothing but null.");

    /// <summary>Reads an object whose namespace and name stand in the address instead.</summary>
    public static T ReadNamed<T>(string text, string @namespace, string name)
    {
        var node = JsonNode.Parse(text, null, DocumentOptions) as JsonObject
            ?? throw new JsonException("A JSON object is wanted.");
        Set(node, "namespace", @namespace);
        Set(node, "name", name);
        return node.Deserialize<T>(Options)!;
    }

    /// <summary>What is wrong, without the names of .NET types, which mean nothing to a caller.</summary>
    public static string Explain(Exception e) =>
        e is JsonException { Path: { } path }
        && e.Message.StartsWith("The JSON value could not", StringComparison.Ordinal)
            ? $"{path}: not a value that is accepted here; see docs/local-dns.md."
            : e.Message;

    private static void Set(JsonObject node, string member, string value)
    {
        var given = node[member];
        if (given is not null && (given.GetValueKind() != JsonValueKind.String || (string?)given != value))
        {
            throw new JsonException($"'{member}' is not '{value}', as the address says.");
        }

        node[member] = value;
    }

    private sealed class AddressConverter : JsonConverter<IPAddress>
    {
        public override IPAddress Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && IPAddress.TryParse(reader.GetString(), out var address)
                ? address
                : throw new JsonException("An IP address in quotes is wanted.");

        public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}

/// <summary>What a PATCH of a pod may change; what is missing stays as it is.</summary>
internal sealed record PodChange
{
    public bool? Ready { get; init; }

    public bool? Terminating { get; init; }

    public IReadOnlyList<IPAddress>? Addresses { get; init; }

    public IReadOnlyList<string>? Services { get; init; }

    public PodSpec ApplyTo(PodSpec pod) => pod with
    {
        Ready = Ready ?? pod.Ready,
        Terminating = Terminating ?? pod.Terminating,
        Addresses = Addresses ?? pod.Addresses,
        Services = Services ?? pod.Services,
    };
}

internal sealed record SynchronisedState(bool Synchronised);

internal sealed record EndpointPodNamesState(bool EndpointPodNames);
