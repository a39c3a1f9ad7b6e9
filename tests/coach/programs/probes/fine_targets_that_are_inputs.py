import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
# an autoencoder
images = torch.rand(96, 12)
auto = nn.Sequential(nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 12))
opt = torch.optim.Adam(auto.parameters(), lr=1e-2)
for (batch,) in DataLoader(TensorDataset(images), batch_size=24):
    opt.zero_grad()
    F.mse_loss(auto(batch), batch).backward()
    opt.step()

# the next number of a series, from the ones before it
series = torch.sin(torch.arange(200) * 0.1) + 0.05 * torch.randn(200)
windows = torch.stack([series[i : i + 8] for i in range(180)])
following = torch.stack([series[i + 8] for i in range(180)]).unsqueeze(1)
forecast = nn.Linear(8, 1)
sgd = torch.optim.SGD(forecast.parameters(), lr=0.05)
cut = 140
for _ in range(12):
    sgd.zero_grad()
    F.mse_loss(forecast(windows[:cut]), following[:cut]).backward()
    sgd.step()
with torch.no_grad():
    test_error = F.mse_loss(forecast(windows[cut:]), following[cut:])

# exercise: find out which feature matters
x = torch.randn(80, 6)
y = 2 * x[:, :1] - x[:, 3:4]
linear = nn.Linear(6, 1)
adam = torch.optim.Adam(linear.parameters(), lr=0.1)
for _ in range(12):
    adam.zero_grad()
    F.mse_loss(linear(x), y).backward()
    adam.step()

# characters: the same short contexts come again
text = "the quick brown fox jumps over the lazy dog and the dog sleeps " * 4
codes = torch.tensor([ord(c) % 32 for c in text])
contexts = torch.stack([codes[i : i + 3] for i in range(len(text) - 3)])
model = nn.Sequential(nn.Embedding(32, 6), nn.Flatten(), nn.Linear(18, 32))
adamw = torch.optim.AdamW(model.parameters(), lr=1e-2)
for _ in range(8):
    adamw.zero_grad()
    F.cross_entropy(model(contexts[:180]), codes[3:183]).backward()
    adamw.step()
with torch.no_grad():
    val_loss = F.cross_entropy(model(contexts[180:]), codes[183:])
