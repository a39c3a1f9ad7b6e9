# coach-not: unseeded, cell-rerun-continues-training
# %% [1]
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

x = torch.randn(64, 10)
y = (x[:, 0] > 0).long()
encoder, decoder = nn.Sequential(nn.Linear(10, 6), nn.ReLU()), nn.Linear(6, 10)
# %% [2]
pretrain = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01)
for _ in range(10):
    pretrain.zero_grad()
    F.mse_loss(decoder(encoder(x)), x).backward()
    pretrain.step()
# %% [3]
head = nn.Linear(6, 2)
optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
for _ in range(10):
    with torch.no_grad():
        features = encoder(x)
    loss = F.cross_entropy(head(features), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
# %% [4]
with torch.no_grad():
    print((head(encoder(x)).argmax(1) == y).float().mean().item())
# %% [4] rerun
