# %%
import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader

torch.manual_seed(21)
latent = torch.randn(640, 3)
mix = torch.randn(3, 16) / 3 ** 0.5
data = torch.tanh(latent @ mix) + 0.05 * torch.randn(640, 16)
data = (data - data.mean(0)) / data.std(0)
loader = DataLoader(data[:512], batch_size=64, shuffle=True)
held_out = data[512:]
mse = nn.MSELoss()

# %%
encoder = nn.Sequential(nn.Linear(16, 3), nn.Tanh())
decoder = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 16))
autoencoder = nn.Sequential(encoder, decoder)  # coach-line: stale-object

# %%
def train(epochs, lr):
    optimizer = optim.Adam(autoencoder.parameters(), lr=lr)
    for epoch in range(epochs):
        total = 0.0
        for batch in loader:
            optimizer.zero_grad()
            loss = mse(autoencoder(batch), batch)
            loss.backward()
            optimizer.step()
            total += loss.item()
    print(f"last epoch: {total / len(loader):.4f}")

train(epochs=8, lr=5e-3)

# %%
with torch.no_grad():
    print("held out, shallow encoder:", mse(decoder(encoder(held_out)), held_out).item())

# %%
# the encoder is a bit weak, give it a hidden layer
encoder = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 3), nn.Tanh())  # coach: stale-object; fix: autoencoder = nn.Sequential(encoder, decoder)

# %%
train(epochs=15, lr=5e-3)  # coach-also: stale-optimizer

# %%
with torch.no_grad():
    codes = encoder(held_out)  # coach-line: stale-object
    print("held out, deep encoder:", mse(decoder(codes), held_out).item())
