import gradbook as torch
from gradbook import nn

torch.manual_seed(11)
body = nn.Sequential(nn.Linear(4, 24), nn.Tanh())
centre, spread = nn.Linear(24, 1), nn.Linear(24, 1)
opt = torch.optim.Adam([*body.parameters(), *centre.parameters(), *spread.parameters()], lr=3e-3)
x = torch.randn(200, 4)
y = x[:, 0] + 0.3 * torch.randn(200)
for epoch in range(4):
    for rows in torch.randperm(200).split(25):
        h = body(x[rows])
        mu, sigma = centre(h).squeeze(1), nn.functional.softplus(spread(h)) + 1e-3
        loss = (((y[rows] - mu) / sigma) ** 2 / 2).mean() + sigma.log().mean()  # coach: silent-broadcast; fix: sigma.squeeze(1)
        opt.zero_grad()
        loss.backward()
        opt.step()
