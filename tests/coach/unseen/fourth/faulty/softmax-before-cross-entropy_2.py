"""Prototypical few-shot episodes."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(2)
WAYS, SHOTS, QUERIES, DIM = 4, 3, 5, 12
world = torch.randn(20, DIM) * 1.5


def episode():
    chosen = world[torch.randperm(20)[:WAYS]]
    support = chosen.unsqueeze(1) + torch.randn(WAYS, SHOTS, DIM)
    query = chosen.unsqueeze(1) + torch.randn(WAYS, QUERIES, DIM)
    answer = torch.arange(WAYS).repeat_interleave(QUERIES)
    return support, query.reshape(WAYS * QUERIES, DIM), answer


class ProtoNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(DIM, 32), nn.ReLU(), nn.Linear(32, 16))

    def forward(self, support, query):
        protos = self.f(support).mean(dim=1)
        dist = (self.f(query).unsqueeze(1) - protos.unsqueeze(0)).pow(2).sum(-1)
        return torch.softmax(-dist, dim=1)  # coach: softmax-before-cross-entropy; fix: return -dist


net = ProtoNet()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for ep in range(60):
    support, query, answer = episode()
    scores = net(support, query)
    loss = F.cross_entropy(scores, answer)  # coach-line: softmax-before-cross-entropy
    opt.zero_grad()
    loss.backward()
    opt.step()
    if ep % 15 == 0:
        acc = (scores.argmax(1) == answer).float().mean().item()
        print(f"episode {ep:3d}  loss {loss.item():.4f}  acc {acc:.2f}")
