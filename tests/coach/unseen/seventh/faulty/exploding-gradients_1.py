import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(17)
N, T, D, H = 256, 30, 4, 32


def init_params():
    p = {
        "wx": torch.randn(D, H) / D ** 0.5,
        "wh": torch.randn(H, H) / H ** 0.5 * 2.5,  # coach: exploding-gradients
        "b": torch.zeros(H),
        "wo": torch.randn(H, 1) / H ** 0.5,
        "bo": torch.zeros(1),
    }
    return {k: v.requires_grad_() for k, v in p.items()}  # coach-also: bad-init


def scan(f, carry, xs):
    for x in xs:
        carry = f(carry, x)
    return carry


def apply(p, x):
    def cell(h, x_t):
        return torch.relu(x_t @ p["wx"] + h @ p["wh"] + p["b"])

    h0 = torch.zeros(x.shape[0], H)
    h_last = scan(cell, h0, x.permute(1, 0, 2))
    return h_last @ p["wo"] + p["bo"]


def loss_fn(p, x, y):
    return F.smooth_l1_loss(apply(p, x), y)


X = torch.randn(N, T, D)
Y = X[:, -5:, 0].mean(1, keepdim=True)
Y = (Y - Y.mean()) / Y.std()

params = init_params()
opt = torch.optim.Adam(list(params.values()), lr=1e-3)
for epoch in range(5):
    perm = torch.randperm(N)
    for rows in perm.split(32):
        opt.zero_grad()
        loss = loss_fn(params, X[rows], Y[rows])
        loss.backward()
        opt.step()  # coach-line: exploding-gradients
    print(epoch, f"{loss.item():.4g}")
