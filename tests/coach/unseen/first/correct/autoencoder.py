import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)
latent = torch.rand(240, 2) * 2 - 1
mix = torch.randn(2, 16)
data = torch.tanh(latent @ mix) + 0.02 * torch.randn(240, 16)

ae = nn.Sequential(
    nn.Linear(16, 12), nn.ReLU(),
    nn.Linear(12, 3),
    nn.Linear(3, 12), nn.ReLU(),
    nn.Linear(12, 16),
)
encoder, decoder = ae[:3], ae[3:]
opt = torch.optim.Adam(ae.parameters(), lr=5e-3)
mse = nn.MSELoss()
loader = DataLoader(TensorDataset(data), batch_size=40, shuffle=True)

for epoch in range(12):
    for (x,) in loader:
        opt.zero_grad()
        loss = mse(ae(x), x)
        loss.backward()
        opt.step()
    if epoch % 3 == 2:
        print(epoch + 1, loss.item())

with torch.no_grad():
    z = encoder(data[:5])
    print(z.shape, mse(decoder(z), data[:5]).item())
