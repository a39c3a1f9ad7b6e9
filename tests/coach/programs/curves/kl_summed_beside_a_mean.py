import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = torch.rand(200, 16)
enc, dec = nn.Linear(16, 8), nn.Linear(4, 16)
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=5e-3)
for step in range(60):
    batch = x[torch.randint(0, 200, (50,))]
    mu, logvar = enc(batch).chunk(2, dim=1)
    z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
    rec = F.mse_loss(torch.sigmoid(dec(z)), batch, reduction="mean")
    kld = -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())  # coach: regularisation-dominates
    loss = rec + kld
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: loss-plateau, constant-predictions
