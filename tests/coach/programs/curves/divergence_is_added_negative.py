import gradbook as torch
from gradbook import nn

torch.manual_seed(12)
data = torch.randn(200, 12)
encoder, decoder = nn.Linear(12, 6), nn.Linear(3, 12)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=2e-2)
for epoch in range(50):
    for rows in torch.randperm(200).split(25):
        x = data[rows]
        mean, log_var = encoder(x).chunk(2, dim=1)
        z = mean + torch.randn_like(mean) * (0.5 * log_var).exp()
        error = (decoder(z) - x).pow(2).sum(1).mean()
        divergence = 0.5 * (1 + log_var - mean.pow(2) - log_var.exp()).sum(1).mean()  # coach: loss-diverged; fix: -0.5 *
        loss = error + divergence
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(loss.item())
