"""Message passing with an edge list: gather the senders, scatter-add into the receivers, pool a graph."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)


class Layer(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.message = nn.Sequential(nn.Linear(2 * d, d), nn.ReLU())
        self.update = nn.Linear(2 * d, d)

    def forward(self, h, edges):
        src, dst = edges
        m = self.message(torch.cat([h[src], h[dst]], dim=1))
        agg = torch.zeros_like(h).index_add(0, dst, m)
        deg = torch.zeros(h.size(0), 1).index_add(0, dst, torch.ones(len(dst), 1)).clamp(min=1)
        return h + torch.relu(self.update(torch.cat([h, agg / deg], dim=1)))


class GraphRegressor(nn.Module):
    def __init__(self, d=16):
        super().__init__()
        self.embed = nn.Linear(2, d)
        self.layers = nn.ModuleList([Layer(d), Layer(d)])
        self.out = nn.Linear(d, 1)

    def forward(self, x, edges, graph, n_graphs):
        h = self.embed(x)
        for layer in self.layers:
            h = layer(h, edges)
        pooled = torch.zeros(n_graphs, h.size(1)).index_add(0, graph, h)
        size = torch.bincount(graph, minlength=n_graphs).unsqueeze(1)
        return self.out(pooled / size).squeeze(1)


def batch(n_graphs=16, nodes=6, edges=14):
    x = torch.randn(n_graphs * nodes, 2)
    offset = (torch.arange(n_graphs) * nodes).repeat_interleave(edges)
    e = torch.randint(0, nodes, (2, n_graphs * edges)) + offset
    graph = torch.arange(n_graphs).repeat_interleave(nodes)
    product = (x[e[0], 0] - x[e[1], 0]).abs()
    target = torch.zeros(n_graphs).index_add(0, offset // nodes, product) / edges
    return x, e, graph, target


model = GraphRegressor()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
log = []
for step in range(60):
    x, e, graph, target = batch()
    loss = (model(x, e, graph, 16) - target).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    log.append(loss.item())
print("mean squared error", sum(log[:10]) / 10, "->", sum(log[-10:]) / 10)
