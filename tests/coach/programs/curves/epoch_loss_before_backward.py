import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


def train_one_epoch(model, data, optimizer):
    epoch_loss = 0
    for x, y in data:
        loss = F.binary_cross_entropy_with_logits(model(x).squeeze(1), y)
        epoch_loss = epoch_loss + loss  # coach: loss-keeps-graph; fix: epoch_loss + loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return epoch_loss / len(data)


batches = [(torch.randn(10, 4), torch.randint(0, 2, (10,)).float()) for _ in range(6)]
m = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
o = torch.optim.RMSprop(m.parameters(), lr=1e-3)
for e in range(3):
    print(e, train_one_epoch(m, batches, o))
